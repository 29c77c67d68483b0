package inject

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// TestMeant: an edit may change what the manifest names, and nothing beside it.
func TestMeant(t *testing.T) {
	t.Parallel()
	accounts, hosts := meantAccounts([]string{"bob", "new"}), meantHosts([]string{"old", "web", "web.example"})
	const passwd = "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n+::::::\n"
	const group = "root:x:0:\nsudo:x:27:alice\nbob:x:1000:\n"
	const host = "127.0.0.1\tlocalhost old\n# mine\n192.0.2.9 nas # of the office\n"
	for name, tt := range map[string]struct {
		file, before, after string
		meant               edit.Meant
		fails               string // in the error; none: it holds
	}{
		"a user more":             {"/etc/passwd", passwd, strings.Replace(passwd, "+", "new:x:1001:1001::/home/new:/bin/sh\n+", 1), accounts, ""},
		"a user less":             {"/etc/passwd", passwd, strings.Replace(passwd, "bob:x:1000:1000::/home/bob:/bin/sh\n", "", 1), accounts, ""},
		"another user more":       {"/etc/passwd", passwd, passwd + "eve:x:0:0::/:/bin/sh\n", accounts, "eve would have come"},
		"root's shell":            {"/etc/passwd", passwd, strings.Replace(passwd, "/root:/bin/sh", "/root:/bin/zsh", 1), accounts, "root would have changed"},
		"NIS is gone":             {"/etc/passwd", passwd, strings.TrimSuffix(passwd, "+::::::\n"), accounts, "+ would have changed"},
		"a colon in a comment":    {"/etc/passwd", passwd, strings.Replace(passwd, "bob:x:1000:1000::", "bob:x:1000:1000:a:b:", 1), accounts, "no valid account file any more: line 2 has 8 fields"},
		"no name":                 {"/etc/shadow", "bob:!:1::::::\n", "bob:!:1::::::\n:!:1::::::\n", accounts, "no valid account file any more: line 2"},
		"joins a group":           {"/etc/group", group, strings.Replace(group, "alice", "alice,bob", 1), accounts, ""},
		"another leaves a group":  {"/etc/group", group, strings.Replace(group, "alice", "bob", 1), accounts, "sudo would have changed"},
		"a group's number":        {"/etc/group", group, strings.Replace(group, "27", "28", 1), accounts, "sudo would have changed"},
		"subordinate ids":         {"/etc/subuid", "alice:100000:65536\n", "alice:100000:65536\nbob:165536:65536\n", accounts, ""},
		"another's range":         {"/etc/subuid", "alice:100000:65536\n", "alice:165536:65536\n", accounts, "alice would have changed"},
		"the machine's name":      {"/etc/hosts", host, strings.Replace(host, " old", "", 1) + "127.0.1.1\tweb.example web\n", hosts, ""},
		"another name is gone":    {"/etc/hosts", host, strings.Replace(host, "nas", "", 1), hosts, "192.0.2.9 would have changed"},
		"a comment is gone":       {"/etc/hosts", host, strings.Replace(host, "# mine\n", "", 1), hosts, "# would have changed"},
		"an end of a line gone":   {"/etc/hosts", host, strings.Replace(host, " # of the office", "", 1), hosts, "192.0.2.9 would have changed"},
		"a value":                 {"/etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=old\n", "NETWORKING=yes\nHOSTNAME=web\n", meantValue("HOSTNAME"), ""},
		"a value and a gateway":   {"/etc/sysconfig/network", "GATEWAY=1\nHOSTNAME=old\n", "GATEWAY=2\nHOSTNAME=web\n", meantValue("HOSTNAME"), "GATEWAY would have changed"},
		"a quote that stays open": {"/etc/conf.d/hostname", "hostname=\"old\"\n", "hostname=\"web\n", meantValue("hostname"), "no valid shell file any more"},
		"a key more":              {"/home/bob/.ssh/authorized_keys", "ssh-rsa A a\n", "ssh-rsa A a\nssh-rsa B b\n", meantMore, ""},
		"a key less":              {"/srv/users/bob/.ssh/authorized_keys", "ssh-rsa A a\n", "ssh-rsa B b\n", meantMore, "would have changed"},
	} {
		err := edit.Check(tt.file, tt.before, tt.after, tt.meant)
		if (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: error = %v, want %q", name, err, tt.fails)
		}
	}
}

// TestStagedFilesAreChecked: what does not hold is an error before anything is
// written.
func TestStagedFilesAreChecked(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	for name, stage := range map[string]func(*plan){
		"/etc/passwd": func(p *plan) {
			p.stage("/etc/passwd", change{kind: kindFile, content: "bob:x:1:1:a:b:/:/bin/sh\n", meant: meantAccounts([]string{"bob"})}, "create user bob")
		},
		"/etc/hosts":             func(p *plan) { p.editText("/etc/hosts", "127.0.0.1 web\n", meantHosts([]string{"web"}), "host names") },
		"/etc/netplan/a.yaml":    func(p *plan) { p.writeHidden("/etc/netplan/a.yaml", "network: [\n", 0o600, root, "netplan file") },
		"/etc/sysconfig/network": func(p *plan) { p.writeText("/etc/sysconfig/network", "HOSTNAME=\"x\n", "host name") },
	} {
		p := newPlan(g.editor())
		p.writeText("/etc/hostname", "web\n", "host name")
		stage(p)
		err := p.check()
		if err == nil || !strings.HasPrefix(err.Error(), name+" in the guest") || strings.Contains(err.Error(), "/etc/hostname") || remedy.Of(err) == "" {
			t.Errorf("%s: error = %v, remedy %q", name, err, remedy.Of(err))
		}
	}
}

func TestSetAssignment(t *testing.T) {
	t.Parallel()
	for before, after := range map[string]string{
		"HOSTNAME=old\n":                          "HOSTNAME=web\n",
		"A=1\nHOSTNAME='old' # the name\nB=2\n":   "A=1\nHOSTNAME='web' # the name\nB=2\n",
		"HOSTNAME=old; export HOSTNAME\n":         "HOSTNAME=web; export HOSTNAME\n",
		"export HOSTNAME=old\n":                   "export HOSTNAME=web\n",
		"TEXT=\"\nHOSTNAME=x\n\"\nHOSTNAME=old\n": "TEXT=\"\nHOSTNAME=x\n\"\nHOSTNAME=web\n",
		"HOSTNAME=$(cat /x)\n":                    "HOSTNAME=$(cat /x)\n",
		"HOSTNAME=\"old\n":                        "HOSTNAME=\"old\n",
	} {
		got := setAssignment(before, "HOSTNAME", "web")
		if got != after {
			t.Errorf("%q becomes %q, want %q", before, got, after)
		}
		if err := edit.Check("/etc/sysconfig/network", before, got, meantValue("HOSTNAME")); err != nil {
			t.Errorf("%q becomes %q: %v", before, got, err)
		}
	}
}

// TestUnknownAssignmentIsTold: a name that stays is no silence.
func TestUnknownAssignmentIsTold(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles, map[string]string{"/etc/sysconfig/network": "HOSTNAME=$(cat /x)\n"})
	_, warnings := g.inject(manifest.Configuration{Hostname: &manifest.Hostname{Hostname: "new"}})
	wantWarnings(t, warnings, "assigns HOSTNAME in a way that is not understood")
	if got := g.read("/etc/sysconfig/network"); got != "HOSTNAME=$(cat /x)\n" {
		t.Errorf("it became %q", got)
	}
}

// TestEditedFilesHaveAFormat: each file of the guest that is edited, and not written
// whole, is read again.
func TestEditedFilesHaveAFormat(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/etc/hosts",
		"/etc/sysconfig/network", "/etc/conf.d/hostname", "/root/.ssh/authorized_keys", "/home/bob/.ssh/authorized_keys",
	} {
		if edit.Check(name, "a\n", "b\n", func(_, _ *conf.Entry) bool { return false }) == nil {
			t.Errorf("%s: nothing tells what an edit changed", name)
		}
	}
}
