package pipeline

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// enforcing is a guest with SELinux, as a directory tree.
func enforcing(t *testing.T) (fix.Target, *guesttest.Runner) {
	t.Helper()
	tree := guesttest.New(t, map[string]string{
		"/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n", "/etc/group": "root:x:0:\n", "/etc/shadow": "root:*:1:0:9:7:::\n",
		"/etc/os-release": "ID=rhel\n", "/etc/hosts": "127.0.0.1 localhost\n", "/etc/hostname": "old\n",
		"/etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n", "/etc/selinux/targeted/contexts/files/file_contexts": "/.* x\n",
		"/usr/sbin/setfiles": "", "/bin/sh": "",
	})
	const setfiles = "/usr/sbin/setfiles /etc/selinux/targeted/contexts/files/file_contexts"
	runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{
		setfiles + " /etc/group /etc/hostname /etc/hosts /etc/passwd /etc/shadow /srv /srv/www /srv/www/web /var/lib/hyper2kvm": {},
	}}
	e := edittest.New(t, edit.Guest{FS: tree, Runner: runner, Mounts: []guest.Mount{{Path: "/", FSType: "xfs"}}})
	return fix.Target{Editor: e, OS: guest.OS{Type: "linux", Distro: "rhel"}}, runner
}

func newInjectionJob(configuration *manifest.Configuration) job {
	return newJob(&manifest.Manifest{Pipeline: manifest.DefaultPipeline(), Configuration: configuration}, Options{})
}

func TestInjectReportsAndLabelsEverything(t *testing.T) {
	t.Parallel()
	target, runner := enforcing(t)
	j := newInjectionJob(&manifest.Configuration{
		Users:    &manifest.Users{Create: []manifest.User{{Name: "web", Password: "$6$CANARY$CANARY", Home: "/srv/www/web", Groups: []string{"new"}}}},
		Hostname: &manifest.Hostname{Hostname: "web01"},
	})
	prepared, err := prepareInjection(t.Context(), j, target)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := target.Editor.ReadFile("/etc/hostname"); string(text) != "old\n" {
		t.Error("the guest was changed before the fixes")
	}
	result := report.FixResult{Changes: []report.Change{}, Unchanged: true}
	if err := prepared.run(t.Context(), j.say, target.Editor, &result); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"configuration":{"changes":[`, `{"path":"/etc/passwd"`, `+web01\n`, `"backup_directory":"/var/lib/hyper2kvm/backup"`, `"unchanged":false`} {
		if !strings.Contains(string(encoded), want) {
			t.Errorf("the result lacks %s:\n%s", want, encoded)
		}
	}
	if strings.Contains(string(encoded), "CANARY") {
		t.Errorf("the result shows the password:\n%s", encoded)
	}
	if len(j.say.report.Warnings) != 2 || !strings.Contains(j.say.report.Warnings[1].Message, `no group "new"`) {
		t.Errorf("warnings: %+v", j.say.report.Warnings)
	}
	if text, err := target.Editor.ReadFile("/var/lib/hyper2kvm/backup/etc/hostname"); string(text) != "old\n" {
		t.Errorf("the backup of /etc/hostname is %q, %v", text, err)
	}
	if calls := runner.Calls(); len(calls) != 1 {
		t.Errorf("commands: %q", calls)
	}
}

func TestPrepareInjectionRefuses(t *testing.T) {
	t.Parallel()
	root := 0
	for name, tc := range map[string]struct {
		kind          string
		configuration *manifest.Configuration
		want          string
	}{
		"another system":    {"freebsd", &manifest.Configuration{MachineID: manifest.MachineIDReset}, "Linux and Windows guests only, and this one runs freebsd"},
		"uid of another":    {"linux", &manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "a", UID: &root}}}}, "create[0].uid"},
		"shell that is not": {"linux", &manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "a", Shell: "/bin/zsh"}}}}, "create[0].shell"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, _ := enforcing(t)
			target.OS.Type = tc.kind
			_, err := prepareInjection(t.Context(), newInjectionJob(tc.configuration), target)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestNothingToInject(t *testing.T) {
	t.Parallel()
	j := newInjectionJob(&manifest.Configuration{Users: &manifest.Users{}})
	var result report.FixResult
	prepared, err := prepareInjection(t.Context(), j, fix.Target{OS: guest.OS{Type: "windows"}})
	if err == nil {
		err = prepared.run(t.Context(), j.say, nil, &result)
	}
	if err != nil || result.Configuration != nil {
		t.Errorf("%+v, %v", result.Configuration, err)
	}
}
