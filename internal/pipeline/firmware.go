package pipeline

import (
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

const (
	firmwareBIOS = "bios"
	firmwareUEFI = "uefi"
)

// firmwareOf tells which firmware the guest boots with. An EFI system
// partition means UEFI, unless a disk also has a BIOS boot partition and one starts
// by BIOS: such a guest was made to boot with both, and BIOS works everywhere. Where the
// disks allow for what the virtual machine's description says, that is so.
func firmwareOf(disks []parttable.Disk, described string) string {
	uefi, biosBoot := slices.ContainsFunc(disks, parttable.Disk.HasESP), slices.ContainsFunc(disks, parttable.Disk.HasBIOSBoot)
	bios := slices.ContainsFunc(disks, parttable.Disk.StartsBIOS)
	switch {
	case described == firmwareUEFI && uefi:
		return firmwareUEFI
	case described == firmwareBIOS && bios:
		return firmwareBIOS
	case uefi && (!biosBoot || !bios):
		return firmwareUEFI
	}
	return firmwareBIOS
}
