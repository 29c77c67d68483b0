package devname

import (
	"slices"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestHolds(t *testing.T) {
	t.Parallel()
	second := testNames
	second.First = 1
	for _, tt := range []struct {
		names Names
		bus   string
		specs []string
	}{
		{testNames, "sata", []string{"/dev/sda", "/dev/sda2", "/dev//sdb1", "/dev/block/8:2", "/dev/md0", "/dev/md/0"}},
		{testNames, "scsi", []string{"/dev/sda", "/dev/sda2", "/dev//sdb1", "/dev/block/8:2", "/dev/md0", "/dev/md/0"}},
		{testNames, "virtio", []string{"/dev/vda2", "/dev/vdb1", "/dev/md0", "/dev/md/0"}},
		{second, "sata", []string{"/dev/md0", "/dev/md/0"}},
		{testNames, "ide", nil},
		{testNames, "", nil},
	} {
		names := tt.names.On(tt.bus)
		for _, spec := range []string{
			"/dev/sda", "/dev/sda2", "/dev/vda2", "/dev//sdb1", "/dev/vdb1", "/dev/hda2", "/dev/xvda2", "/dev/nvme0n1p2", "/dev/sda9", "/dev/sdc1", "/dev/block/8:2",
			"/dev/md0", "/dev/md/0", "/dev/md9", "/dev/dm-0", "/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part2", "/dev/disk/by-id/ata-x-part2", "/dev/vg0/home", "UUID=root-uuid",
		} {
			holds := slices.Contains(tt.specs, spec)
			if got := names.Holds(spec); got != holds {
				t.Errorf("%s on %q, disk %d first: %v", spec, tt.bus, names.First, got)
			}
			if stable, err := names.Stable(spec, AsTag); holds && (stable != spec || err != nil) {
				t.Errorf("%s on %q has the stable name %q, %v", spec, tt.bus, stable, err)
			}
			if IsStale(spec) && names.IsGone(spec) == holds {
				t.Errorf("%s on %q is gone: %v", spec, tt.bus, !holds)
			}
		}
	}
	if got := testNames.On("sata").Stale("a=/dev/sda2,/dev/sdz1 b=/dev/sdz1 UUID=x /dev/nvme0n1"); !slices.Equal(got, []string{"/dev/sdz1", "/dev/nvme0n1"}) {
		t.Errorf("stale names: %q", got)
	}
}

// TestNewNames: the new machine has the disk first that it starts from.
func TestNewNames(t *testing.T) {
	t.Parallel()
	for first, want := range [][]string{
		{"/dev/vda1", "/dev/vdb1", "/dev/vdc1", "/dev/vdaa1"},
		{"/dev/vdb1", "/dev/vda1", "/dev/vdc1", "/dev/vdaa1"},
		{"/dev/vdb1", "/dev/vdc1", "/dev/vda1", "/dev/vdaa1"},
	} {
		names := New(guesttest.Devices, nil)
		names.First = first
		for i, disk := range []int{0, 1, 2, 26} {
			if got := names.NewName("vd", guest.Device{Disk: disk, Partition: 1}); got != want[i] {
				t.Errorf("disk %d of a machine that starts from %d: %s, want %s", disk, first, got, want[i])
			}
		}
	}
	if got := OldName("sd", guest.Device{Disk: 1}); got != "/dev/sdb" {
		t.Errorf("old name %s", got)
	}
}
