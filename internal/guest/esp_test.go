package guest_test

import (
	"io/fs"
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

// TestPlanESP: where the partition is mounted is decided once, for whoever mounts it.
func TestPlanESP(t *testing.T) {
	t.Parallel()
	devices := guest.Devices{
		{Name: "/dev/sda1", Kind: guest.KindPartition, Disk: 0, Partition: 1, FSType: "vfat"},
		{Name: "/dev/sda2", Kind: guest.KindPartition, Disk: 0, Partition: 2, FSType: "ext4"},
		{Name: "/dev/sdb1", Kind: guest.KindPartition, Disk: 1, Partition: 1, FSType: "vfat"},
	}
	root := guest.Mount{Device: "/dev/sda2", Path: "/"}
	for name, test := range map[string]struct {
		devices guest.Devices
		mounted []guest.Mount
		folders map[string][]string
		want    string // the path; "" for none
	}{
		"first point":             {devices, nil, map[string][]string{"/efi": nil, "/boot/efi": nil, "/boot": nil}, "/efi"},
		"second point":            {devices, nil, map[string][]string{"/boot/efi": {"EFI"}, "/boot": {"efi"}}, "/boot/efi"},
		"empty /boot":             {devices, nil, map[string][]string{"/boot": nil}, "/boot"},
		"/boot with files":        {devices, nil, map[string][]string{"/boot": {"vmlinuz"}}, ""},
		"something is there":      {devices, []guest.Mount{{Device: "/dev/sdc1", Path: "/efi"}}, map[string][]string{"/efi": nil, "/boot/efi": nil}, "/boot/efi"},
		"mounted":                 {devices, []guest.Mount{{Device: "/dev/sda1", Path: "/boot/efi"}}, map[string][]string{"/efi": nil}, ""},
		"that of another disk is": {devices, []guest.Mount{{Device: "/dev/sdb1", Path: "/srv"}}, map[string][]string{"/efi": nil}, "/efi"},
		"none":                    {devices[1:2], nil, map[string][]string{"/efi": nil}, ""},
	} {
		entries := func(directory string) ([]string, error) {
			names, ok := test.folders[directory]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return names, nil
		}
		first := func(_, partition int) bool { return partition == 1 }
		plan, ok := test.devices.PlanESP(append([]guest.Mount{root}, test.mounted...), first, entries)
		want := guest.Mount{}
		if test.want != "" {
			want = guest.Mount{Device: "/dev/sda1", Path: test.want, FSType: "vfat"}
		}
		if plan != want || ok != (test.want != "") {
			t.Errorf("%s: %+v %v, want %+v", name, plan, ok, want)
		}
		windows, ok := test.devices.PlanWindowsESP(root, first)
		if ok != (name != "none") || ok && (windows.Device != "/dev/sda1" || windows.Path != guest.WindowsESP) {
			t.Errorf("%s: of Windows %+v %v", name, windows, ok)
		}
	}
}
