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

// HasESP says that the disk has an EFI system partition.
func (d Disk) HasESP() bool {
	return slices.ContainsFunc(d.Partitions, func(p Partition) bool {
		return strings.EqualFold(p.GPTType, GPTESP) || d.PartitionTable == tableDOS && p.MBRType == mbrESP
	})
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
