//go:build cgo

package appliance

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestCheckHost(t *testing.T) {
	if lacks := CheckHost(t.Context(), AccelAuto); len(lacks) != 0 {
		t.Errorf("a host on which all else of these tests works lacks %v", lacks)
	}
	t.Setenv("LIBGUESTFS_HV", filepath.Join(t.TempDir(), "absent"))
	t.Setenv("LIBGUESTFS_PATH", t.TempDir())
	// Neither keeps libguestfs from reading the others.
	t.Setenv("XDG_RUNTIME_DIR", "/nonexistent")
	t.Setenv("LIBGUESTFS_CACHEDIR", "/nonexistent")
	lacks := CheckHost(t.Context(), AccelAuto)
	if len(lacks) != 3 || !strings.Contains(lacks[0].Error(), "LIBGUESTFS_CACHEDIR") || !strings.Contains(lacks[1].Error(), "QEMU cannot be run") || !strings.Contains(lacks[2].Error(), "no appliance") {
		t.Errorf("without QEMU and appliance: %v", lacks)
	}
	for _, one := range lacks {
		if remedy.Of(one) == "" {
			t.Errorf("%v has no remedy", one)
		}
	}
}

// TestCheckHostForKVM has a stand-in for QEMU on a device that can be opened and
// does not work. It is asked once, and only where KVM is demanded.
func TestCheckHostForKVM(t *testing.T) {
	directory := t.TempDir()
	asked := filepath.Join(directory, "asked")
	t.Setenv("LIBGUESTFS_HV", script(t, "echo asked >>"+asked+"\necho 'qemu: error: failed to set MSR 0x10a' >&2\nexit 1"))
	t.Setenv("XDG_RUNTIME_DIR", directory)
	pretendNewProcess(t)
	kvmProbes.device = aFile(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, lacks := range [][]error{CheckHost(t.Context(), AccelAuto), CheckHost(t.Context(), AccelTCG), CheckHost(cancelled, AccelKVM)} {
		if len(lacks) != 0 {
			t.Errorf("where KVM is not demanded, or there is no time to ask: %v", lacks)
		}
	}
	for range 2 {
		if lacks := CheckHost(t.Context(), AccelKVM); len(lacks) != 1 || !strings.Contains(lacks[0].Error(), "failed to set MSR 0x10a") {
			t.Errorf("with KVM that is broken: %v", lacks)
		}
	}
	if text, err := os.ReadFile(asked); err != nil || string(text) != "asked\n" {
		t.Errorf("KVM was probed as %q, %v", text, err)
	}
}
