//go:build cgo

package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProbeKVM runs stand-ins for QEMU: what they do is all that the probe
// sees of KVM.
func TestProbeKVM(t *testing.T) {
	t.Parallel()
	absent := filepath.Join(t.TempDir(), "absent")
	if reason := probeKVM(t.Context(), absent, "/nonexistent", t.TempDir()); !strings.Contains(reason, absent) {
		t.Errorf("reason %q does not name the device", reason)
	}
	device := filepath.Join(t.TempDir(), "kvm")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ script, want string }{
		"works":      {fmt.Sprintf("exit %d", probeExit), ""},
		"aborts":     {"echo 'qemu: error: failed to set MSR 0x10a' >&2; echo 'Assertion failed' >&2; kill -ABRT $$", "failed to set MSR 0x10a"},
		"refuses":    {"echo warning >&2; echo 'no virtualisation' >&2; exit 1", "no virtualisation"},
		"says no":    {"exit 1", "exit status 1"},
		"runs on":    {"exit 0", "ended without running a program"},
		"is missing": {"", "no such file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			qemu := filepath.Join(dir, "qemu")
			if test.script != "" {
				if err := os.WriteFile(qemu, []byte("#!/bin/sh\n"+test.script+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			got := probeKVM(t.Context(), device, qemu, dir)
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("reason %q, want %q", got, test.want)
			}
			if left, _ := filepath.Glob(dir + "/probe*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
