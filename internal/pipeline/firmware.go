package pipeline

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Partition type GUIDs of the UEFI specification and of GRUB's manual.
const (
	gptESP      = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
	gptBIOSBoot = "21686148-6449-6E6F-744E-656564454649"
	// mbrESP is the MBR partition type of an EFI system partition.
	mbrESP = 0xEF
)

const (
	firmwareBIOS = "bios"
	firmwareUEFI = "uefi"
)

// firmwareOf tells which firmware the guest boots with. An EFI system
// partition means UEFI, unless a disk also has a BIOS boot partition: such a
// guest was made to boot with both, and BIOS works everywhere. Where the disks
// allow for what the virtual machine's description says, that is so.
func firmwareOf(disks []guest.Disk, described string) string {
	uefi, biosBoot := slices.ContainsFunc(disks, hasESP), slices.ContainsFunc(disks, hasBIOSBoot)
	switch {
	case described == firmwareUEFI && uefi:
		return firmwareUEFI
	case described == firmwareBIOS && slices.ContainsFunc(disks, startsBIOS):
		return firmwareBIOS
	case uefi && !biosBoot:
		return firmwareUEFI
	}
	return firmwareBIOS
}

func hasESP(disk guest.Disk) bool {
	return slices.ContainsFunc(disk.Partitions, func(p guest.Partition) bool {
		return strings.EqualFold(p.GPTType, gptESP) || disk.PartitionTable == "dos" && p.MBRType == mbrESP
	})
}

func hasBIOSBoot(disk guest.Disk) bool {
	return slices.ContainsFunc(disk.Partitions, func(p guest.Partition) bool { return strings.EqualFold(p.GPTType, gptBIOSBoot) })
}

// startsBIOS says that a BIOS comes further than the disk's first sector.
// Partitioning tools leave code there that needs an active partition.
func startsBIOS(disk guest.Disk) bool {
	return disk.BootCode == guest.BootCodeLoader || disk.BootCode == guest.BootCodeGeneric && hasActive(disk)
}

func hasActive(disk guest.Disk) bool {
	return slices.ContainsFunc(disk.Partitions, func(p guest.Partition) bool { return p.Bootable })
}
