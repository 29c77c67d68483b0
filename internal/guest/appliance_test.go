package guest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestApplianceFiles(t *testing.T) {
	for name, test := range map[string]struct {
		files       []string
		environment string // SUPERMIN_KERNEL
		unreadable  string
		want        string // in the error or its remedy
	}{
		"a Debian host":                    {files: []string{"lib/supermin.d/", "boot/vmlinuz-6.1.0"}},
		"a Fedora host":                    {files: []string{"lib/supermin.d/", "modules/6.1.0/vmlinuz"}},
		"a fixed appliance":                {files: []string{"lib/README.fixed", "lib/kernel"}},
		"an appliance that was made":       {files: []string{"lib/supermin.d/", "cache/appliance.d/kernel"}},
		"a kernel by the environment":      {files: []string{"lib/supermin.d/"}, environment: "/some/kernel"},
		"nothing of an appliance":          {files: []string{"boot/vmlinuz-6.1.0"}, want: "no appliance in"},
		"no kernel":                        {files: []string{"lib/supermin.d/", "boot/initrd.img-6.1.0"}, want: "linux-image-cloud-amd64"},
		"no kernel that may be read":       {files: []string{"lib/supermin.d/", "boot/vmlinuz-6.1.0"}, unreadable: "boot/vmlinuz-6.1.0", want: "chmod 0644"},
		"one of two kernels may be read":   {files: []string{"lib/supermin.d/", "boot/vmlinuz-6.1.0", "boot/vmlinuz-5.10.0"}, unreadable: "boot/vmlinuz-6.1.0"},
		"a kernel that is gone, by a link": {files: []string{"lib/supermin.d/"}, unreadable: "boot/vmlinuz-6.1.0", want: "may not read"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			t.Setenv("SUPERMIN_KERNEL", test.environment)
			for _, file := range test.files {
				full := filepath.Join(root, file)
				if strings.HasSuffix(file, "/") {
					full = filepath.Join(full, "base")
				}
				if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, nil, 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			if test.unreadable != "" {
				// A link to nothing is what root cannot read either.
				full := filepath.Join(root, test.unreadable)
				_ = os.Remove(full)
				if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.Symlink("nothing", full)); err != nil {
					t.Fatal(err)
				}
			}
			err := applianceFiles{
				path: []string{filepath.Join(root, "absent"), filepath.Join(root, "lib")},
				boot: filepath.Join(root, "boot"), modules: filepath.Join(root, "modules"), cache: filepath.Join(root, "cache"),
			}.check()
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var lacking *lack
			if !errors.As(err, &lacking) || !strings.Contains(err.Error()+lacking.Remedy(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
