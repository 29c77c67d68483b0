package inject

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func (g *testGuest) prepare(o manifest.Configuration) *Injection {
	g.t.Helper()
	injection, err := Prepare(g.t.Context(), g.editor(), guest.OS{}, &o)
	g.must(err)
	return injection
}

func TestPrepareRefusesWhatIsNoLinuxGuest(t *testing.T) {
	t.Parallel()
	g := newGuest(t, map[string]string{"/Windows/System32/x": "x"})
	if _, err := Prepare(t.Context(), g.editor(), guest.OS{}, &manifest.Configuration{}); err == nil || !strings.Contains(err.Error(), "Linux guests only") {
		t.Errorf("%v", err)
	}
}

func TestPrepareTellsAllProblemsAndChangesNothing(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	o := manifest.Configuration{
		Users:     &manifest.Users{Create: []manifest.User{{Name: "bob", Shell: "/bin/zsh"}, {Name: "eve", UID: ptr(1000)}, {Name: "good"}}},
		Hostname:  &manifest.Hostname{Hostname: "new"},
		FirstBoot: []manifest.Script{{Name: "a", Content: "#!/usr/bin/python3\n"}},
	}
	_, err := Prepare(t.Context(), g.editor(), guest.OS{}, &o)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"create[0].shell", "create[1].uid", "first_boot[0].content"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	o.Users.Create, o.FirstBoot = o.Users.Create[2:], nil
	g.prepare(o)
	for _, name := range []string{"/etc/passwd", "/etc/hostname"} {
		if g.read(name) != debianFiles[name] {
			t.Errorf("%s was changed", name)
		}
	}
}

// A fix that runs after Prepare may remove VMware's tools with their services.
func TestServiceThatWasRemovedNeedsNoDisabling(t *testing.T) {
	t.Parallel()
	const tools = "/usr/lib/systemd/system/open-vm-tools.service"
	g := newGuest(t, debianFiles, map[string]string{tools: "[Install]\nWantedBy=multi-user.target\n"})
	injection := g.prepare(manifest.Configuration{Services: &manifest.Services{Disable: []string{"open-vm-tools", "vmware-tools"}}})
	g.must(injection.edit.Discard(tools))
	_, warnings, err := injection.Run(t.Context())
	g.must(err)
	wantWarnings(t, warnings, `"vmware-tools"`)
}

func TestVisudoRunsOnce(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	g.runner.Answers["/usr/sbin/visudo -c -q -f -"] = guesttest.Answer{}
	injection := g.prepare(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "a", Sudo: []string{"ALL=(ALL) ALL"}}}}})
	result, _, err := injection.Run(t.Context())
	g.must(err)
	changeOf(t, result, "/etc/sudoers.d/zz-hyper2kvm-a")
	calls := 0
	for _, call := range g.runner.Calls() {
		if call.Argv[0] == "/usr/sbin/visudo" {
			calls++
		}
	}
	if calls != 1 {
		t.Errorf("visudo ran %d times", calls)
	}
}
