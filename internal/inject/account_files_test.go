package inject

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// TestAccountFilesAreConsistent has the shadow tools judge what was written.
func TestAccountFilesAreConsistent(t *testing.T) {
	t.Parallel()
	pwck, err := exec.LookPath("pwck")
	if err != nil {
		t.Skip("pwck is not installed")
	}
	grpck, err := exec.LookPath("grpck")
	if err != nil {
		t.Skip("grpck is not installed")
	}
	g := newGuest(t, debianFiles)
	_, _ = g.inject(manifest.Configuration{Users: &manifest.Users{
		Create:  []manifest.User{{Name: "one", Password: testHash, Groups: []string{"sudo", "new"}}, {Name: "two", UID: ptr(4000), GID: ptr(4001)}},
		Disable: []string{"nobody"}, Delete: []string{"alice"},
	}})
	file := func(name string) string { return filepath.Join(g.dir, name) }
	// Homes and shells are looked up on the host, where the users have none.
	out, _ := exec.Command(pwck, "-r", file("etc/passwd"), file("etc/shadow")).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "does not exist") && !strings.Contains(line, "no changes") && !strings.Contains(line, "no group") {
			t.Errorf("pwck: %s", line)
		}
	}
	if out, err := exec.Command(grpck, "-r", file("etc/group"), file("etc/gshadow")).CombinedOutput(); err != nil {
		// grpck looks members up in the host's passwd.
		for line := range strings.Lines(string(out)) {
			if !strings.Contains(line, "no user") && !strings.Contains(line, "delete member") && !strings.Contains(line, "no changes") {
				t.Errorf("grpck: %s", line)
			}
		}
	}
}
