package bootloader

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

func TestEditInstallDevices(t *testing.T) {
	t.Parallel()
	one := devname.New(guest.Devices{
		{Name: "/dev/sda", Kind: guest.KindDisk},
		{Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "vfat", UUID: "AAAA-0001"},
	}, nil)
	second := testNames
	second.First = 1
	answer := func(name, value string) string {
		return "Name: a/b\nValue: /dev/sda\n\nName: " + name + "\nTemplate: " + name + "\nValue: " + value + "\nOwners: grub-pc\nFlags: seen\n\nName: c/d\nValue: /dev/sda\n"
	}
	for name, tt := range map[string]struct {
		names             devname.Names
		kind              string
		template, in, out string
		unknown           int
	}{
		"by-id, one disk":      {one, "vd", "grub-pc/install_devices", "/dev/disk/by-id/scsi-36000c29f00000000000000000000abcd", "/dev/vda", 0},
		"by name":              {one, "vd", "grub-pc/install_devices", "/dev/sda", "/dev/vda", 0},
		"on SATA":              {one, "sd", "grub-pc/install_devices", "/dev/disk/by-id/ata-x", "/dev/sda", 0},
		"two disks":            {testNames, "vd", "grub-pc/install_devices", "/dev/sda, /dev/sdb", "/dev/vda, /dev/vdb", 0},
		"started from another": {second, "vd", "grub-pc/install_devices", "/dev/sdb", "/dev/vda", 0},
		"two disks, by number": {testNames, "vd", "grub-pc/install_devices", "/dev/disk/by-id/scsi-3600, /dev/sdb", "/dev/disk/by-id/scsi-3600, /dev/vdb", 1},
		"EFI":                  {one, "vd", "grub-efi/install_devices", "/dev/disk/by-id/scsi-x-part1", "/dev/disk/by-uuid/AAAA-0001", 0},
		"another question":     {one, "vd", "grub-pc/install_devices_empty", "/dev/sda", "/dev/sda", 0},
		"already":              {one, "vd", "grub-pc/install_devices", "/dev/vda", "/dev/vda", 0},
		"none":                 {one, "vd", "grub-pc/install_devices", "", "", 0},
	} {
		got, unknown := editInstallDevices(answer(tt.template, tt.in), tt.kind, tt.names)
		if want := answer(tt.template, tt.out); got != want || len(unknown) != tt.unknown {
			t.Errorf("%s: got\n%s\nwith %q, want\n%s", name, got, unknown, want)
		}
	}
}
