package pipeline

import (
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
// partition means UEFI, unless a GPT disk also has a BIOS boot partition: such
// a disk was made to boot with both, and BIOS works everywhere.
func firmwareOf(disks []guest.Disk) string {
	esp, biosBoot := false, false
	for _, disk := range disks {
		for _, p := range disk.Partitions {
			esp = esp || strings.EqualFold(p.GPTType, gptESP) || disk.PartitionTable == "dos" && p.MBRType == mbrESP
			biosBoot = biosBoot || strings.EqualFold(p.GPTType, gptBIOSBoot)
		}
	}
	if esp && !biosBoot {
		return firmwareUEFI
	}
	return firmwareBIOS
}

// bootDiskOf is the index of the disk that the firmware starts from: the first
// with an EFI system partition, a BIOS boot partition or an active partition;
// else the first disk.
func bootDiskOf(disks []guest.Disk) int {
	for n, disk := range disks {
		for _, p := range disk.Partitions {
			if p.Bootable || strings.EqualFold(p.GPTType, gptESP) || strings.EqualFold(p.GPTType, gptBIOSBoot) ||
				disk.PartitionTable == "dos" && p.MBRType == mbrESP {
				return n
			}
		}
	}
	return 0
}
