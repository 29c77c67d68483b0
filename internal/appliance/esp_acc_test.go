//go:build cgo && linux

package appliance

import (
	"fmt"
	"slices"
	"testing"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// TestAccMountESP is for guests that leave the EFI system partition to systemd:
// fstab does not name it.
func TestAccMountESP(t *testing.T) {
	t.Parallel()
	needAppliance(t)
	s, err := Open(t.Context(), []Drive{newImage(t, "200M")}, Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.call("build", "", func(g *guestfs.Guestfs) error {
		for i, step := range []func() error{
			func() error { return g.Part_init("/dev/sda", "gpt") },
			func() error { return g.Part_add("/dev/sda", "p", 2048, 83967) },
			func() error { return g.Part_set_gpt_type("/dev/sda", 1, parttable.GPTESP) },
			func() error { return g.Part_add("/dev/sda", "p", 83968, -2048) },
			func() error { return g.Mkfs("vfat", "/dev/sda1", nil) },
			func() error { return g.Mkfs("ext4", "/dev/sda2", nil) },
			func() error { return g.Mount("/dev/sda2", "/") },
			func() error { return g.Mkdir("/etc") },
			func() error { return g.Mkdir("/boot") },
			func() error { return g.Write("/boot/vmlinuz", []byte("kernel")) },
			func() error { return g.Mkdir_p("/boot/efi") },
			func() error { return g.Write("/etc/fstab", []byte("/dev/sda2 / ext4 defaults 0 1\n")) },
			func() error { return g.Umount("/", nil) },
		} {
			if err := step(); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	mounts, warnings, err := s.MountGuest(guest.OS{Root: "/dev/sda2", Type: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	want := guest.Mount{Device: "/dev/sda1", Path: "/boot/efi", FSType: "vfat"}
	if !slices.Contains(mounts, want) || len(warnings) > 0 {
		t.Errorf("mounts %+v, warnings %q, want %+v among them", mounts, warnings, want)
	}
	if space, err := s.Space("/"); err != nil || space.Free < 50<<20 || space.Inodes < 1000 {
		t.Errorf("space of /: %+v, %v", space, err)
	}
	if space, err := s.Space("/boot/efi"); err != nil || space.Inodes != -1 {
		t.Errorf("space of the ESP: %+v, %v", space, err)
	}
}
