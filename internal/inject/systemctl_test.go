package inject

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// TestLikeSystemctl compares the links with those that the host's systemctl
// makes for the host's own units.
func TestLikeSystemctl(t *testing.T) {
	t.Parallel()
	systemctl, err := exec.LookPath("systemctl")
	if err != nil {
		t.Skip("systemctl is not installed")
	}
	const lib = "/usr/lib/systemd/system"
	files, err := filepath.Glob(lib + "/*.*")
	if err != nil || len(files) == 0 {
		t.Skipf("no units in %s: %v", lib, err)
	}
	set := map[string]string{
		"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/usr/lib/systemd/systemd": "#!", "/lib": "-> usr/lib",
		"/etc/systemd/system": "dir", "/etc/systemd/system/multi-user.target.wants": "dir",
	}
	var enable []string
	for _, file := range files {
		name := filepath.Base(file)
		if target, err := os.Readlink(file); err == nil {
			set[file] = "-> " + target
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil { // a directory of drop-ins
			continue
		}
		set[file] = string(content)
		section := parseInstall(string(content))
		_, instance, _, isInstance := splitUnit(name)
		if !section.empty() && unitSuffix.MatchString(name) && (!isInstance || instance != "" || section.defaultInstance != "") {
			enable = append(enable, name)
		}
	}
	if len(enable) == 0 {
		t.Skip("the host has no unit that can be enabled")
	}
	disable := enable[:len(enable)/2]
	ours, theirs := newGuest(t, set), newGuest(t, set)
	for _, step := range []struct {
		verb          string
		units         []string
		configuration manifest.Configuration
	}{
		{"enable", enable, manifest.Configuration{Services: &manifest.Services{Enable: enable}}},
		{"disable", disable, manifest.Configuration{Services: &manifest.Services{Disable: disable}}},
		{"mask", disable, manifest.Configuration{Services: &manifest.Services{Mask: disable}}},
	} {
		if _, _, err := ours.try(step.configuration); err != nil {
			t.Fatal(err)
		}
		// It fails where two units want one alias, and does the rest.
		out, _ := exec.Command(systemctl, append([]string{"--root=" + theirs.dir, step.verb}, step.units...)...).CombinedOutput()
		if len(theirs.links(unitDirectory)) == 0 {
			t.Skipf("systemctl --root does nothing here: %s", out)
		}
		if diff := cmp.Diff(baseTargets(theirs.links(unitDirectory)), baseTargets(ours.links(unitDirectory))); diff != "" {
			t.Errorf("links after %s (-systemctl +ours):\n%s", step.verb, diff)
		}
	}
	t.Logf("%d units compared, %d links left", len(enable), len(slices.Collect(maps.Keys(ours.links(unitDirectory)))))
}

// baseTargets forgets how a directory is spelled: /lib or /usr/lib.
func baseTargets(links map[string]string) map[string]string {
	for link, target := range links {
		links[link] = path.Base(target)
	}
	return links
}
