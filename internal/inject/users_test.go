package inject

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/distro"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	// testHash is a whole SHA-512 hash; nobody knows its password.
	testHash = "$6$saltsalt$" + "CANARYhash0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ./0123456789ab"
	testKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f deploy@example"
)

func TestTestHashIsWhole(t *testing.T) {
	t.Parallel()
	if message, _ := hashWarning(testHash, distro.Debian); message != "" {
		t.Fatal(message)
	}
}

func TestCreateUserOnDebian(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	g.runner.Answers["/usr/sbin/visudo -c -q -f -"] = guesttest.Answer{}
	o := manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{
		Name: "deploy", UID: ptr(1500), Comment: "Deployment", Password: testHash, Groups: []string{"sudo", "docker"},
		Shell: "/bin/bash", SSHAuthorizedKeys: []string{testKey}, Sudo: []string{"ALL=(ALL) NOPASSWD: ALL"},
	}}}}
	result, warnings := g.inject(o)
	wantWarnings(t, warnings, `no group "docker"`)

	for name, want := range map[string]string{
		"/etc/passwd":  "deploy:x:1500:1500:Deployment:/home/deploy:/bin/bash\n",
		"/etc/shadow":  "deploy:" + testHash + ":" + day + ":0:99999:7:::\n",
		"/etc/subuid":  "deploy:165536:65536\n",
		"/etc/subgid":  "deploy:165536:65536\n",
		"/etc/gshadow": "docker:!::deploy\n",
	} {
		before, after := debianFiles[name], g.read(name)
		if !strings.HasSuffix(after, want) {
			t.Errorf("%s ends in %q, want %q", name, after, want)
		}
		if name != "/etc/gshadow" && after != before+want {
			t.Errorf("%s: old lines changed:\n%s", name, cmp.Diff(before+want, after))
		}
	}
	wantGroup := "root:x:0:\ndaemon:x:1:\nadm:x:4:\nsudo:x:27:alice,deploy\nusers:x:100:\nsystemd-network:x:998:\nalice:x:1000:\nnogroup:x:65534:\ndeploy:x:1500:\ndocker:x:999:deploy\n"
	if diff := cmp.Diff(wantGroup, g.read("/etc/group")); diff != "" {
		t.Errorf("/etc/group (-want +got):\n%s", diff)
	}
	for name, want := range map[string]attributes{
		"/home":                              {0o755, 0, 0},
		"/home/deploy":                       {0o700, 1500, 1500},
		"/home/deploy/.bashrc":               {0o644, 1500, 1500},
		"/home/deploy/.config/dir":           {0o755, 1500, 1500},
		"/home/deploy/.config/dir/rc":        {0o644, 1500, 1500},
		"/home/deploy/.ssh":                  {0o700, 1500, 1500},
		"/home/deploy/.ssh/authorized_keys":  {0o600, 1500, 1500},
		"/etc/sudoers.d/zz-hyper2kvm-deploy": {0o440, 0, 0},
	} {
		if got := g.attributes(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if got := g.read("/home/deploy/.ssh/authorized_keys"); got != testKey+"\n" {
		t.Errorf("authorized_keys: %q", got)
	}
	if got := g.read("/etc/sudoers.d/zz-hyper2kvm-deploy"); got != "deploy ALL=(ALL) NOPASSWD: ALL\n" {
		t.Errorf("sudoers: %q", got)
	}
	shown := everything(result, warnings)
	for _, secret := range []string{"CANARY", "oldhashofalice", "AAAAC3Nza"} {
		if strings.Contains(shown, secret) {
			t.Errorf("the result shows %s", secret)
		}
	}
	for _, call := range g.runner.Calls() {
		if strings.Contains(strings.Join(call.Argv, " ")+string(call.Input), "CANARY") {
			t.Error("the hash reached a command")
		}
	}
	if diff := changeOf(t, result, "/etc/shadow").Diff; !strings.Contains(diff, "+deploy:(hidden):"+day) {
		t.Errorf("diff of shadow: %s", diff)
	}
	if c := changeOf(t, result, "/home/deploy/.ssh/authorized_keys"); !strings.Contains(c.Description, "ssh-ed25519 SHA256:") || c.Diff != "" {
		t.Errorf("change of keys: %+v", c)
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles, map[string]string{
		"/home/alice/.ssh/authorized_keys": "# mine\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDold alice@old",
	})
	g.must(g.fs.Chown("/home/alice", 1000, 1000))
	o := manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{
		Name: "alice", UID: ptr(1000), Password: testHash, Groups: []string{"adm", "sudo"}, Shell: "/usr/sbin/nologin",
		SSHAuthorizedKeys: []string{testKey, testKey, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDold other-comment"},
	}}}}
	_, warnings := g.inject(o)
	wantWarnings(t, warnings, "ssh_authorized_keys[2]: this is no valid ssh-rsa key")
	if got := g.read("/etc/passwd"); got != strings.Replace(debianFiles["/etc/passwd"], "/home/alice:/bin/bash", "/home/alice:/usr/sbin/nologin", 1) {
		t.Errorf("passwd:\n%s", got)
	}
	if got := g.read("/etc/group"); got != strings.Replace(debianFiles["/etc/group"], "adm:x:4:", "adm:x:4:alice", 1) {
		t.Errorf("group:\n%s", got)
	}
	if got := g.read("/etc/shadow"); !strings.Contains(got, "alice:"+testHash+":"+day+":0:99999:7:::\n") || strings.Count(got, "alice:") != 1 {
		t.Errorf("shadow:\n%s", got)
	}
	want := "# mine\nssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDold alice@old\n" + testKey + "\n"
	if got := g.read("/home/alice/.ssh/authorized_keys"); got != want {
		t.Errorf("authorized_keys:\n%s", got)
	}
}

func TestCreateUserOnOtherFamilies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files                 map[string]string
		user                  manifest.User
		passwd, shadow, group string
		warnings              []string
	}{
		"red hat": {
			redHatFiles, manifest.User{Name: "ansible", Groups: []string{"wheel"}},
			"ansible:x:1000:1000::/home/ansible:/bin/bash\n", "ansible:!:" + day + ":0:99999:7:::\n",
			"root:x:0:\nwheel:x:10:ansible\nssh_keys:x:999:\nansible:x:1000:\n", nil,
		},
		"red hat, missing group": {
			redHatFiles, manifest.User{Name: "ansible", Groups: []string{"sudo"}},
			"ansible:x:1000:1000::/home/ansible:/bin/bash\n", "ansible:!:" + day + ":0:99999:7:::\n",
			"root:x:0:\nwheel:x:10:\nssh_keys:x:999:\nansible:x:1000:\nsudo:x:998:ansible\n", []string{`group "wheel" may use sudo`},
		},
		"suse has no user groups, and NIS": {
			suseFiles, manifest.User{Name: "ansible", Groups: []string{"wheel"}},
			"ansible:x:1000:100::/home/ansible:/bin/bash\n+::::::\n", "ansible:!:" + day + ":0:99999:7:::\n",
			"root:x:0:\nusers:x:100:\nwheel:x:497:ansible\n+:::\n", nil,
		},
		"alpine has no gshadow and no login.defs": {
			alpineFiles, manifest.User{Name: "ansible", Groups: []string{"wheel"}},
			"ansible:x:1000:1000::/home/ansible:/bin/ash\n", "ansible:!:" + day + ":0:99999:7:::\n",
			"root:x:0:root\nwheel:x:10:root,ansible\nusers:x:100:games\nansible:x:1000:\n", nil,
		},
		"existing primary group": {
			alpineFiles, manifest.User{Name: "ansible", GID: ptr(100)},
			"ansible:x:1000:100::/home/ansible:/bin/ash\n", "ansible:!:" + day + ":0:99999:7:::\n", alpineFiles["/etc/group"], nil,
		},
		"new primary group": {
			alpineFiles, manifest.User{Name: "ansible", GID: ptr(2000), Home: "/srv/ansible"},
			"ansible:x:1000:2000::/srv/ansible:/bin/ash\n", "ansible:!:" + day + ":0:99999:7:::\n", alpineFiles["/etc/group"] + "ansible:x:2000:\n", nil,
		},
		"keys alone: nothing is locked": {
			alpineFiles, manifest.User{Name: "ansible", GID: ptr(100), SSHAuthorizedKeys: []string{testKey}},
			"ansible:x:1000:100::/home/ansible:/bin/ash\n", "ansible:*:" + day + ":0:99999:7:::\n", alpineFiles["/etc/group"], nil,
		},
		"group of the user's name": {
			alpineFiles, manifest.User{Name: "users"},
			"users:x:1000:100::/home/users:/bin/ash\n", "users:!:" + day + ":0:99999:7:::\n", alpineFiles["/etc/group"], []string{"primary group of the new user"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, tc.files)
			_, warnings := g.inject(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{tc.user}}})
			wantWarnings(t, warnings, tc.warnings...)
			if got := g.read("/etc/passwd"); !strings.HasSuffix(got, tc.passwd) {
				t.Errorf("passwd:\n%s", got)
			}
			if got := g.read("/etc/shadow"); !strings.HasSuffix(got, tc.shadow) {
				t.Errorf("shadow:\n%s", got)
			}
			if diff := cmp.Diff(tc.group, g.read("/etc/group")); diff != "" {
				t.Errorf("group (-want +got):\n%s", diff)
			}
			if want := strings.HasPrefix(name, "red hat"); g.relabels() != want {
				t.Errorf("labels are set: %t, want %t", !want, want)
			}
		})
	}
}

func TestUsersShareTheIDsFairly(t *testing.T) {
	t.Parallel()
	g := newGuest(t, alpineFiles)
	_, _ = g.inject(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "one"}, {Name: "two", UID: ptr(1000)}, {Name: "three"}}}})
	want := "one:x:1001:1001::/home/one:/bin/ash\ntwo:x:1000:1000::/home/two:/bin/ash\nthree:x:1002:1002::/home/three:/bin/ash\n"
	if got := g.read("/etc/passwd"); !strings.HasSuffix(got, want) {
		t.Errorf("passwd:\n%s", got)
	}
}

func TestUserProblemsStopBeforeAnyChange(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		configuration manifest.Configuration
		want          []string
	}{
		"shell that is not there":  {manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "bob", Shell: "/bin/zsh"}}}}, []string{"configuration.users.create[0].shell", "/bin/zsh"}},
		"shell that is no program": {manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "bob", Shell: "/etc/passwd"}}}}, []string{"no program"}},
		"uid of another user":      {manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "good"}, {Name: "bob", UID: ptr(1000)}}}}, []string{"create[1].uid", `"alice"`}},
		"uid of an existing user":  {manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "alice", UID: ptr(1001)}}}}, []string{"has uid 1000 already"}},
		"home that is a file":      {manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "a", Home: "/etc/passwd"}}}}, []string{"is no directory"}},
		"delete a system account":  {manifest.Configuration{Users: &manifest.Users{Delete: []string{"daemon"}}}, []string{"users.delete[0]", "system account"}},
		"unknown gid, taken name":  {manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "adm", GID: ptr(4000)}}}}, []string{"create[0].gid"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, debianFiles)
			result, _, err := g.try(tc.configuration)
			if err == nil {
				t.Fatalf("no error; changes: %+v", result.Changes)
			}
			for _, text := range tc.want {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error %q lacks %q", err, text)
				}
			}
			if got := g.read("/etc/passwd"); got != debianFiles["/etc/passwd"] {
				t.Error("the guest was changed")
			}
		})
	}
}

func TestUserWarnings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files map[string]string
		extra map[string]string
		user  manifest.User
		want  []string
	}{
		"placeholder hash and key": {debianFiles, nil,
			manifest.User{Name: "a", Password: "$6$rounds=656000$...", SSHAuthorizedKeys: []string{"ssh-rsa AAAAB3... user@host"}}, []string{"cut off", "sshd will ignore it"}},
		"locked hash":        {debianFiles, nil, manifest.User{Name: "a", Password: "!$6$salt$cut"}, []string{"cut off"}},
		"no password":        {debianFiles, nil, manifest.User{Name: "a", Password: "!"}, nil},
		"weak hash":          {debianFiles, nil, manifest.User{Name: "a", Password: "$1$salt$0123456789012345678901"}, []string{"weak"}},
		"yescrypt on musl":   {alpineFiles, nil, manifest.User{Name: "a", Password: "$y$j9T$salt$hash"}, []string{"does not know the method"}},
		"yescrypt on debian": {debianFiles, nil, manifest.User{Name: "a", Password: "$y$j9T$salt$hash"}, nil},
		"no sudo":            {alpineFiles, nil, manifest.User{Name: "a", Sudo: []string{"ALL=(ALL) ALL"}}, []string{"sudo is not installed"}},
		"home of another":    {alpineFiles, map[string]string{"/home/a": "dir"}, manifest.User{Name: "a"}, []string{"belongs to uid 0"}},
		"expired":            {debianFiles, map[string]string{"/etc/shadow": "alice:!x:1:0:9:7::1:\n"}, manifest.User{Name: "alice"}, []string{"has expired"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, tc.files, tc.extra)
			_, warnings, err := g.try(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{tc.user}}})
			g.must(err)
			wantWarnings(t, warnings, tc.want...)
		})
	}
}

// TestSSHDRefuses has what sshd's own configuration says of a user with keys.
func TestSSHDRefuses(t *testing.T) {
	t.Parallel()
	const config = "/etc/ssh/sshd_config"
	locked := map[string]string{"/etc/shadow": "root:!:1:0:9:7:::\nalice:!$6$a$b:1:0:9:7:::\n"}
	tests := map[string]struct {
		sshd  string
		extra map[string]string
		user  manifest.User
		want  []string
	}{
		"defaults":                      {"UsePAM yes\n", nil, manifest.User{Name: "alice"}, nil},
		"another keys file":             {"AuthorizedKeysFile /etc/ssh/keys/%u\n", nil, manifest.User{Name: "a"}, []string{"AuthorizedKeysFile"}},
		"two keys files":                {"AuthorizedKeysFile=/etc/ssh/keys/%u \"%h/.ssh/authorized_keys\"\n", nil, manifest.User{Name: "a"}, nil},
		"the first keys file":           {"authorizedkeysfile .ssh/authorized_keys # ours\nAuthorizedKeysFile /srv/%u\n", nil, manifest.User{Name: "a"}, nil},
		"keys file of a match":          {"Match User b\n  AuthorizedKeysFile /srv/%u\n", nil, manifest.User{Name: "a"}, nil},
		"keys file of an included file": {"Include sshd_config.d/*.conf\n", map[string]string{config + ".d/10.conf": "AuthorizedKeysFile /srv/%u\n"}, manifest.User{Name: "a"}, []string{"AuthorizedKeysFile"}},
		"match of an included file": {"Include /etc/ssh/sshd_config.d/*.conf\nAuthorizedKeysFile /srv/%u\n", map[string]string{config + ".d/10.conf": "Match all\n"},
			manifest.User{Name: "a"}, []string{"AuthorizedKeysFile"}},
		"file that is not included":  {"Port 22\n", map[string]string{config + ".d/10.conf": "AuthorizedKeysFile /srv/%u\n"}, manifest.User{Name: "a"}, nil},
		"file that includes itself":  {"Include /etc/ssh/sshd_config\n", nil, manifest.User{Name: "a"}, nil},
		"locked, no PAM":             {"UsePAM no\n", locked, manifest.User{Name: "alice"}, []string{"does not use PAM"}},
		"locked, no PAM by default":  {"#UsePAM yes\n", locked, manifest.User{Name: "alice"}, []string{"does not use PAM"}},
		"locked, PAM":                {"UsePAM yes\nUsePAM no\n", locked, manifest.User{Name: "alice"}, nil},
		"locked by the manifest":     {"UsePAM no\n", nil, manifest.User{Name: "a", Password: "!"}, []string{"does not use PAM"}},
		"no password, but no lock":   {"UsePAM no\n", locked, manifest.User{Name: "alice", Password: "*"}, nil},
		"no keys":                    {"UsePAM yes\nPubkeyAuthentication no\n", nil, manifest.User{Name: "a"}, []string{"PubkeyAuthentication"}},
		"root":                       {"UsePAM yes\nPermitRootLogin no\n", nil, manifest.User{Name: "root"}, []string{"PermitRootLogin"}},
		"root, by key":               {"UsePAM yes\nPermitRootLogin without-password\nPermitRootLogin no\n", nil, manifest.User{Name: "root"}, nil},
		"no root":                    {"PermitRootLogin no\n", nil, manifest.User{Name: "a"}, nil},
		"not allowed":                {"AllowUsers admin alice\nAllowUsers b*\n", nil, manifest.User{Name: "deploy"}, []string{`AllowUsers set to "admin", "alice", "b*"`}},
		"allowed by a pattern":       {"AllowUsers admin\nAllowUsers dep*\n", nil, manifest.User{Name: "deploy"}, nil},
		"allowed from some hosts":    {"AllowUsers deploy@192.0.2.*\n", nil, manifest.User{Name: "deploy"}, nil},
		"allowed in a match":         {"Match Address 192.0.2.0/24\n AllowUsers admin\n", nil, manifest.User{Name: "deploy"}, nil},
		"denied":                     {"DenyUsers dep?oy\n", nil, manifest.User{Name: "deploy"}, []string{"DenyUsers"}},
		"denied from some hosts":     {"DenyUsers deploy@192.0.2.1\n", nil, manifest.User{Name: "deploy"}, nil},
		"in no allowed group":        {"AllowGroups sudo adm\n", nil, manifest.User{Name: "deploy"}, []string{"AllowGroups"}},
		"in an allowed group":        {"AllowGroups sudo adm\n", nil, manifest.User{Name: "deploy", Groups: []string{"adm"}}, nil},
		"primary group allowed":      {"AllowGroups deploy\n", nil, manifest.User{Name: "deploy"}, nil},
		"in a denied group":          {"UsePAM yes\nDenyGroups sudo\n", nil, manifest.User{Name: "alice"}, []string{"DenyGroups"}},
		"new and without a password": {"UsePAM no\n", nil, manifest.User{Name: "a"}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, debianFiles, map[string]string{config: tc.sshd}, tc.extra)
			tc.user.SSHAuthorizedKeys = []string{testKey}
			_, warnings := g.inject(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{tc.user}}})
			wantWarnings(t, warnings, tc.want...)
			for _, w := range warnings {
				if w.ID != report.ConcernSSHKeys || w.Remedy == "" {
					t.Errorf("%+v", w)
				}
			}
		})
	}
}

func TestVisudoRefuses(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	_, _, err := g.try(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "a", Sudo: []string{"ALL=(ALL) NOPASSWD: ALL"}}}}})
	if err == nil || !strings.Contains(err.Error(), "visudo refuses") {
		t.Errorf("error is %v", err)
	}
}

// TestSudoRulesOfOthersStay: neither the guest's own file nor that of another user is
// written over, and a second migration replaces the rules of the first.
func TestSudoRulesOfOthersStay(t *testing.T) {
	t.Parallel()
	const own = "User_Alias OPS = deploy, alice\nOPS ALL = /usr/bin/systemctl\n"
	g := newGuest(t, redHatFiles, map[string]string{"/etc/sudoers.d/deploy": own, "/usr/sbin/visudo": "#!"})
	g.runner.Answers["/usr/sbin/visudo -c -q -f -"] = guesttest.Answer{}
	users := []manifest.User{
		{Name: "deploy", Sudo: []string{"ALL=(ALL) ALL"}}, {Name: "a.b", Sudo: []string{"ALL=(x) ALL"}}, {Name: "a_b", Sudo: []string{"ALL=(y) ALL"}},
	}
	_, _ = g.inject(manifest.Configuration{Users: &manifest.Users{Create: users}})
	users[0].Sudo = []string{"ALL=(ALL) NOPASSWD: ALL"}
	_, _ = g.inject(manifest.Configuration{Users: &manifest.Users{Create: users}})
	for name, want := range map[string]string{
		"deploy": own, "zz-hyper2kvm-deploy": "deploy ALL=(ALL) NOPASSWD: ALL\n", "zz-hyper2kvm-a%2eb": "a.b ALL=(x) ALL\n", "zz-hyper2kvm-a_b": "a_b ALL=(y) ALL\n",
	} {
		if got := g.read("/etc/sudoers.d/" + name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestDisableUser(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	_, warnings := g.inject(manifest.Configuration{Users: &manifest.Users{Disable: []string{"alice", "alise"}}})
	wantWarnings(t, warnings, `is "alice" meant?`)
	if got := g.read("/etc/shadow"); !strings.Contains(got, "alice:!$y$j9T$oldsalt$oldhashofalice:19700:0:99999:7::1:\n") {
		t.Errorf("shadow:\n%s", got)
	}
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles, map[string]string{"/home/alice/file": "x"})
	result, warnings, err := g.try(manifest.Configuration{Users: &manifest.Users{Delete: []string{"alice", "nobodyknows"}}})
	g.must(err)
	wantWarnings(t, warnings, `no user "nobodyknows"`)
	for _, name := range []string{"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid"} {
		if strings.Contains(g.read(name), "alice") {
			t.Errorf("%s still has alice:\n%s", name, g.read(name))
		}
	}
	if g.read("/home/alice/file") != "x" {
		t.Error("the home went too")
	}
	if strings.Contains(everything(result, nil), "oldhashofalice") {
		t.Error("the old hash is shown")
	}
}
