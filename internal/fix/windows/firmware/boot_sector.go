package firmware

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// WarnBootSector tells where a BIOS does not come to Windows by what is in the boot
// sectors of the boot disk: one of the loaders of package parttable, or "" where nobody
// has looked.
func WarnBootSector(e *edit.Editor, loader string) {
	const remedy = "give all disks of the machine: if it had UEFI, or was of generation 2, the disk with the EFI system partition is missing; " +
		"else the one with the active partition of Windows"
	switch loader {
	case parttable.LoaderNone:
		e.Warn(report.ConcernBootSector, "the boot sectors of the boot disk hold no boot loader, and no disk has an EFI system partition that would start Windows: the firmware finds nothing to start", remedy)
	case parttable.LoaderGRUB, parttable.LoaderLILO, parttable.LoaderSyslinux:
		e.Warn(report.ConcernBootSector, "the boot sector of the boot disk starts "+loader+", and Windows only if that offers it", remedy+"; if "+loader+" starts Windows on the old machine, nothing is to be done")
	}
}
