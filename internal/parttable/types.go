package parttable

import (
	"slices"
	"strings"
)

// Partition type GUIDs of the UEFI specification and of GRUB's manual.
const (
	GPTESP      = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	gptBIOSBoot = "21686148-6449-6E6F-744E-656564454649"
)

// mbrESP is the MBR partition type of an EFI system partition.
const mbrESP = 0xEF

// The types of partitions of dynamic disks, which Windows' logical disk manager
// divides, by Microsoft's documents.
const (
	mbrDynamic         = 0x42
	gptDynamicMetadata = "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3"
	gptDynamicData     = "AF9B60A0-1431-4F62-BC68-3311714A69AD"
)

// IsDynamic says that the disk is one of Windows' dynamic disks: its partition table
// does not tell where its volumes lie.
func (d Disk) IsDynamic() bool {
	return slices.ContainsFunc(d.Partitions, func(p Partition) bool {
		return strings.EqualFold(p.GPTType, gptDynamicMetadata) || strings.EqualFold(p.GPTType, gptDynamicData) ||
			d.PartitionTable == tableDOS && p.MBRType == mbrDynamic
	})
}

// HasESP says that the disk has an EFI system partition.
func (d Disk) HasESP() bool {
	return slices.ContainsFunc(d.Partitions, func(p Partition) bool {
		return strings.EqualFold(p.GPTType, GPTESP) || d.PartitionTable == tableDOS && p.MBRType == mbrESP
	})
}

// ESPs tells of the partitions in the GPTs of some disks, by the index of the disk and by
// their numbers, which are EFI system partitions.
func ESPs(disks []Disk) func(disk, partition int) bool {
	return func(disk, partition int) bool {
		return disk >= 0 && disk < len(disks) && slices.ContainsFunc(disks[disk].Partitions, func(p Partition) bool {
			return p.Number == partition && strings.EqualFold(p.GPTType, GPTESP)
		})
	}
}

// HasBIOSBoot says that the disk has a partition for GRUB's core, which a BIOS
// starts from a GPT.
func (d Disk) HasBIOSBoot() bool {
	return slices.ContainsFunc(d.Partitions, func(p Partition) bool { return strings.EqualFold(p.GPTType, gptBIOSBoot) })
}

// StartsBIOS says that a BIOS comes further than the disk's first sector.
// Partitioning tools leave code there that needs an active partition.
func (d Disk) StartsBIOS() bool {
	return d.BootCode == BootCodeLoader || d.BootCode == BootCodeGeneric && d.HasActive()
}

// HasActive says that a partition is marked for a BIOS to start from.
func (d Disk) HasActive() bool {
	return slices.ContainsFunc(d.Partitions, func(p Partition) bool { return p.Bootable })
}
