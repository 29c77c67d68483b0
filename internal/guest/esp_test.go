package guest_test

import (
	"slices"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

func TestESPs(t *testing.T) {
	t.Parallel()
	devices := guest.Devices{
		{Name: "/dev/sdb1", Kind: guest.KindPartition, Disk: 1, Partition: 1, FSType: "vfat"},
		{Name: "/dev/sdc1", Kind: guest.KindPartition, Disk: 2, Partition: 1, FSType: "vfat"},
		{Name: "/dev/sdc2", Kind: guest.KindPartition, Disk: 2, Partition: 2, FSType: "vfat"},
		{Name: "/dev/sdd1", Kind: guest.KindPartition, Disk: 3, Partition: 1, FSType: "ext4"},
		{Name: "/dev/vg/root", Kind: guest.KindLV, Disk: 2, FSType: "ext4"},
		{Name: "/dev/md0", Kind: guest.KindMD, Disk: -1, FSType: "ext4"},
	}
	for root, want := range map[string][]string{
		"/dev/vg/root": {"/dev/sdc1", "/dev/sdb1"},
		"/dev/md0":     {"/dev/sdb1", "/dev/sdc1"},
		"/dev/sdb1":    {"/dev/sdb1", "/dev/sdc1"},
		"/dev/gone":    {"/dev/sdb1", "/dev/sdc1"},
	} {
		var got []string
		for _, device := range devices.ESPs(root, func(_, partition int) bool { return partition == 1 }) {
			got = append(got, device.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", root, got, want)
		}
	}
}
