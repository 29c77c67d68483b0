//go:build linux

package testguest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAccDomainThatDoesNotStart proves that a domain that libvirt refuses, to
// define or to start, leaves neither a process nor a file.
func TestAccDomainThatDoesNotStart(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs libvirt: set TF_ACC=1 or run make testacc")
	}
	for name, test := range map[string]struct{ text, problem string }{
		"undefined": {`<domain type="qemu"><name>web</name></domain>`, "XML error"},
		"no image": {
			`<domain type="qemu"><name>web</name><memory unit="MiB">64</memory><os><type arch="x86_64" machine="q35">hvm</type></os>
			<devices><disk type="file"><source file="/nonexistent/web.qcow2"/><target dev="vda"/></disk></devices></domain>`,
			"/nonexistent/web.qcow2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", enterableFolder(t))
			own, err := StartLibvirt(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			domain, err := own.StartDomain(t.Context(), "web", test.text, nil, t.Output())
			if err == nil || domain != nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("domain %v, error %v, want %q", domain, err, test.problem)
			}
			if err := own.Close(); err != nil {
				t.Error(err)
			}
			left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left: %v (%v)", left, err)
			}
			environments, err := filepath.Glob("/proc/[0-9]*/environ")
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range environments {
				if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "XDG_RUNTIME_DIR="+os.TempDir()) {
					t.Errorf("%s still runs", filepath.Base(filepath.Dir(file)))
				}
			}
		})
	}
}

// enterableFolder is a folder that nobody can enter, unlike the test's own.
func enterableFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "domain-") //nolint:usetesting // others can enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}
