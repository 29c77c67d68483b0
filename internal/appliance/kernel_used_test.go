//go:build linux

package appliance

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestApplianceKernel: it is the kernel that the appliance is, or would be, made
// of. Contents give sizes and ages.
func TestApplianceKernel(t *testing.T) {
	for name, test := range map[string]struct {
		files       map[string]string
		environment string // a kernel of version 6.1.0, or one that is not used
		want        string
	}{
		"none":                         {map[string]string{"lib/supermin.d/base.tar.gz": ""}, "", ""},
		"the host's":                   {map[string]string{"boot/vmlinuz-6.1.0": "old"}, "", "boot/vmlinuz-6.1.0"},
		"Fedora's":                     {map[string]string{"modules/6.1.0/vmlinuz": "old"}, "", "modules/6.1.0/vmlinuz"},
		"the newest":                   {map[string]string{"boot/vmlinuz-5.10.0": "old", "boot/vmlinuz-6.1.0": "newer"}, "", "boot/vmlinuz-6.1.0"},
		"the one that was copied":      {map[string]string{"boot/vmlinuz-5.10.0": "old", "boot/vmlinuz-6.1.0": "newer", "cache/.guestfs-7/appliance.d/kernel": "old"}, "", "boot/vmlinuz-5.10.0"},
		"a copy of one that is gone":   {map[string]string{"boot/vmlinuz-6.1.0": "newer", "cache/.guestfs-7/appliance.d/kernel": "old"}, "", "cache/.guestfs-7/appliance.d/kernel"},
		"a fixed appliance's":          {map[string]string{"boot/vmlinuz-6.1.0": "newer", "lib/README.fixed": "", "lib/kernel": "own", "lib/initrd": "", "lib/root": ""}, "", "lib/kernel"},
		"one of the environment":       {map[string]string{"boot/vmlinuz-6.1.0": "newer"}, "/some/vmlinuz-6.1.0", "/some/vmlinuz-6.1.0"},
		"not one that is passed over":  {map[string]string{"boot/vmlinuz-6.1.0": "newer"}, "/some/kernel", "boot/vmlinuz-6.1.0"},
		"not one that cannot be read":  {map[string]string{"boot/vmlinuz-5.10.0": "old", "boot/vmlinuz-9": "link"}, "", "boot/vmlinuz-5.10.0"},
		"not one without its modules":  {map[string]string{"boot/vmlinuz-5.10.0": "old", "boot/vmlinuz-9-bare": "newer"}, "", "boot/vmlinuz-5.10.0"},
		"not the initramfs beside it":  {map[string]string{"boot/initrd.img-6.1.0": "x"}, "", ""},
		"not a copy that is not there": {map[string]string{"boot/vmlinuz-6.1.0": "newer", "cache/.guestfs-7/appliance.d/initrd": "x"}, "", "boot/vmlinuz-6.1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			t.Setenv("SUPERMIN_KERNEL", test.environment)
			age := map[string]int64{"old": 1, "newer": 2}
			for file, content := range test.files {
				full := filepath.Join(root, file)
				err := os.MkdirAll(filepath.Dir(full), 0o755)
				if content == "link" { // to nothing, which root cannot read either
					err = errors.Join(err, os.Symlink("nothing", full))
				} else {
					made := time.Unix(age[content], 0)
					err = errors.Join(err, os.WriteFile(full, []byte(content), 0o644), os.Chtimes(full, made, made))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, version := range []string{"5.10.0", "6.1.0", "9"} {
				modules := filepath.Join(root, "modules", version)
				if err := errors.Join(os.MkdirAll(modules, 0o755), os.WriteFile(filepath.Join(modules, "modules.dep"), nil, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			want := test.want
			if want != "" && !filepath.IsAbs(want) {
				want = filepath.Join(root, want)
			}
			got := applianceHost{
				path: []string{filepath.Join(root, "absent"), filepath.Join(root, "lib")},
				boot: filepath.Join(root, "boot"), modules: filepath.Join(root, "modules"),
				cache: directory{path: filepath.Join(root, "cache")}, uid: 7,
			}.usedKernel()
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
