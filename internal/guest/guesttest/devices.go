package guesttest

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"

// Devices are a disk with ESP, root, swap and LUKS, and a second one with a
// data partition whose label has a blank and whose UUID is taken twice.
var Devices = guest.Devices{
	{Name: "/dev/sdb", Kind: guest.KindDisk, Disk: 0},
	{Name: "/dev/sdb1", Kind: guest.KindPartition, Disk: 0, Partition: 1, FSType: "vfat", UUID: "AAAA-0001", PartUUID: "part-0001"},
	{Name: "/dev/sdb2", Kind: guest.KindPartition, Disk: 0, Partition: 2, FSType: "ext4", UUID: "root-uuid", PartUUID: "part-0002"},
	{Name: "/dev/sdb3", Kind: guest.KindPartition, Disk: 0, Partition: 3, FSType: "swap", UUID: "swap-uuid", PartUUID: "part-0003"},
	{Name: "/dev/sdb4", Kind: guest.KindPartition, Disk: 0, Partition: 4, FSType: "crypto_LUKS", UUID: "luks-uuid", PartUUID: "part-0004"},
	{Name: "/dev/sdc", Kind: guest.KindDisk, Disk: 1},
	{Name: "/dev/sdc1", Kind: guest.KindPartition, Disk: 1, Partition: 1, FSType: "xfs", UUID: "twin-uuid", Label: "my data"},
	{Name: "/dev/sdc2", Kind: guest.KindPartition, Disk: 1, Partition: 2, FSType: "xfs", UUID: "twin-uuid", PartUUID: "part-1002"},
	{Name: "/dev/sdc3", Kind: guest.KindPartition, Disk: 1, Partition: 3, FSType: "ext4", Label: "logs", PartUUID: "00000000-03"},
	{Name: "/dev/vg0/home", Kind: guest.KindLV, Disk: 1, FSType: "xfs", UUID: "home-uuid"},
	{Name: "/dev/md127", Kind: guest.KindMD, Disk: -1, GuestName: "/dev/md0", FSType: "ext4", UUID: "md-uuid"},
}

// Mounts have the root file system of Devices.
var Mounts = []guest.Mount{{Device: "/dev/sdb2", Path: "/", FSType: "ext4"}}

// BootDevices are a disk with an EFI system partition, /boot and a root, of which all is
// mounted by BootMounts.
var BootDevices = guest.Devices{
	{Name: "/dev/sda", Kind: guest.KindDisk},
	{Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "vfat", UUID: "E5B0-0001"},
	{Name: "/dev/sda2", Kind: guest.KindPartition, Partition: 2, FSType: "ext4", UUID: "boot-uuid"},
	{Name: "/dev/sda3", Kind: guest.KindPartition, Partition: 3, FSType: "ext4", UUID: "root-uuid", PartUUID: "part-0003"},
}

// BootMounts have all file systems of BootDevices.
var BootMounts = []guest.Mount{
	{Device: "/dev/sda3", Path: "/", FSType: "ext4"}, {Device: "/dev/sda2", Path: "/boot", FSType: "ext4"}, {Device: "/dev/sda1", Path: "/boot/efi", FSType: "vfat"},
}
