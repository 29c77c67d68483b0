//go:build cgo && linux

package appliance

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// TestRequireWindows: what an appliance lacks is named, with the package that has it.
func TestRequireWindows(t *testing.T) {
	t.Parallel()
	without := func(lacking string) func([]string) (bool, error) {
		return func(groups []string) (bool, error) { return groups[0] != lacking, nil }
	}
	if err := requireWindows(without("")); err != nil {
		t.Errorf("with all: %v", err)
	}
	for group, program := range map[string]string{"ntfs3g": "ntfs-3g", "hivex": "hivex"} {
		err := requireWindows(without(group))
		if err == nil || !strings.Contains(err.Error(), "no "+program) || !strings.Contains(remedy.Of(err), "libguestfs-winsupport") || !strings.Contains(remedy.Of(err), program) {
			t.Errorf("without %s: %v (%s)", group, err, remedy.Of(err))
		}
	}
	failed := errors.New("the appliance is gone")
	if err := requireWindows(func([]string) (bool, error) { return false, failed }); !errors.Is(err, failed) {
		t.Errorf("error = %v", err)
	}
}

func TestOnNTFS(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"/Windows/x": true, "/efi": false, "/efi/EFI/Boot/bootx64.efi": false, "/efifiles": true} {
		if (&Files{ntfs: true}).onNTFS(name) != want {
			t.Errorf("%s is on NTFS: %v", name, !want)
		}
		if (&Files{}).onNTFS(name) {
			t.Errorf("%s of a Linux guest is on NTFS", name)
		}
	}
}
