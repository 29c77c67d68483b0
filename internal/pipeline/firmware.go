package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	firmwareBIOS = "bios"
	firmwareUEFI = "uefi"
)

// firmwareOf tells which firmware the guest boots with. An EFI system
// partition means UEFI, unless a disk also has a BIOS boot partition and one starts
// by BIOS: such a guest was made to boot with both, and BIOS works everywhere. Where the
// disks allow for what the virtual machine's description says, that is so: UEFI may start
// from a partition that is not marked for it, too.
func firmwareOf(disks []parttable.Disk, described string) string {
	uefi, biosBoot := slices.ContainsFunc(disks, parttable.Disk.HasESP), slices.ContainsFunc(disks, parttable.Disk.HasBIOSBoot)
	bios := slices.ContainsFunc(disks, parttable.Disk.StartsBIOS)
	switch {
	case described == firmwareUEFI && (uefi || !bios):
		return firmwareUEFI
	case described == firmwareBIOS && bios:
		return firmwareBIOS
	case uefi && (!biosBoot || !bios):
		return firmwareUEFI
	}
	return firmwareBIOS
}

// tellFirmware warns where the old machine's firmware, as it is described, finds nothing
// to start from on the disks.
func (o opened) tellFirmware(say *reporter) {
	described := o.describedFirmware()
	if described == "" {
		return
	}
	lacks := "no disk has boot code that a BIOS starts"
	if described == firmwareUEFI {
		lacks = "no disk has an EFI system partition"
		if slices.ContainsFunc(o.tables, parttable.Disk.HasESP) {
			return
		}
	} else if slices.ContainsFunc(o.tables, func(d parttable.Disk) bool { return d.StartsBIOS() || d.Loader == parttable.LoaderUnknown }) {
		return // code that is not known may find its own way, as that of BSD on a GPT
	}
	say.find(report.ConcernDescription, fmt.Sprintf("the old machine is described as one that starts by %s, and %s: the new one starts by %s",
		strings.ToUpper(described), lacks, strings.ToUpper(firmwareOf(o.tables, described))),
		"make sure that all its disks are given, that which it starts from among them, and start the guest's image before the old machine is given up")
}
