package pipeline_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccDeadFallbackLoader migrates a guest that GRUB starts, with a fallback loader
// that does not start it, which is all that firmware without boot entries would try.
func TestAccDeadFallbackLoader(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	for name, loader := range map[string]func(t *testing.T) string{
		"of no bytes":                  func(*testing.T) string { return "" },
		"systemd-boot without entries": systemdBootProgram,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recipe, err := testguest.Lookup("debian12-uefi-btrfs")
			if err != nil {
				t.Fatal(err)
			}
			layer := filepath.Join(t.TempDir(), "layer.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "vmdk", "-b", build(t, recipe), layer)
			if err := testguest.CopyIn(t.Context(), testguest.BootDisk{Path: layer, Format: "qcow2"}, map[string]testguest.File{
				"/boot/efi/EFI/BOOT/BOOTX64.EFI": {Content: loader(t), Mode: 0o755}, // FAT has no other
			}); err != nil {
				t.Fatal(err)
			}
			vmdk := filepath.Join(t.TempDir(), "guest.vmdk")
			qemuImg(t, "convert", "-f", "qcow2", "-O", "vmdk", layer, vmdk)

			m := migration(vmdk, t.TempDir())
			m.Pipeline.Validate.Boot.Enabled = true
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
			if err != nil {
				t.Fatalf("the migration failed: %v", err)
			}
			logStages(t, r)
			if became := bootOf(t, r); became == nil || became.Verdict != report.BootBooted {
				t.Errorf("the guest became %+v", became)
			}
		})
	}
}

// systemdBootProgram is systemd's boot loader, from a guest that it starts.
func systemdBootProgram(t *testing.T) string {
	t.Helper()
	recipe, err := testguest.Lookup("debian13-uefi-systemd-boot")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	disk := testguest.BootDisk{Path: build(t, recipe), Format: "vmdk"}
	if err := testguest.CopyOut(t.Context(), []testguest.BootDisk{disk}, "/boot/efi/EFI/systemd/systemd-bootx64.efi", directory); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join(directory, "systemd-bootx64.efi"))
	if err != nil {
		t.Fatal(err)
	}
	return string(program)
}
