package initrd

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// diskBans are what keeps the drivers of virtio disks from being loaded early.
func diskBans(d kernel.Drivers) (bans []string) {
	for _, driver := range kernel.EarlyDrivers {
		if ban, ok := d.EarlyBan(driver); ok {
			bans = appendMissing(bans, ban.String())
		}
	}
	return bans
}

func forbids(d kernel.Drivers) bool { return len(diskBans(d)) > 0 }

func bannedCard(d kernel.Drivers) bool {
	_, banned := d.CardBan()
	return banned
}

// warnForbidden tells what forbids a kernel its virtio drivers, and what stands in.
func warnForbidden(e *edit.Editor, subject string, k report.Kernel, d kernel.Drivers, bus string) {
	const again = "in the guest, build its initramfs anew there, and take its disks again"
	if bans := diskBans(d); len(bans) > 0 && bus != "virtio-blk" {
		instead := "its disk goes onto a SATA controller"
		if bus == "virtio-scsi" {
			instead = "its disk goes onto a virtio-scsi controller"
		}
		e.Warn(report.ConcernDriverForbidden, subject+" is forbidden to load the virtio disk driver ("+strings.Join(bans, "; ")+"): "+instead, "to use a virtio disk, remove that "+again)
	}
	var later []string
	for _, driver := range kernel.EarlyDrivers {
		ban, ok := d.LateBan(driver)
		if _, early := d.EarlyBan(driver); ok && !early {
			later = appendMissing(later, ban.String())
		}
	}
	if len(later) > 0 && bus != "" && k.Initramfs != "" {
		e.Warn(report.ConcernForbiddenLater, subject+" starts now, but an initramfs that is built later is forbidden to load the virtio disk driver: "+strings.Join(later, "; "),
			"remove that in the guest before its next update of the kernel")
	}
	if ban, ok := d.CardBan(); ok && k.NICModel != "virtio" {
		e.Warn(report.ConcernDriverForbidden, subject+" is forbidden to load the driver of virtio network cards ("+ban.String()+"): the guest gets a card of the model "+k.NICModel,
			"to use a virtio network card, remove that "+again)
	}
}

// warnOmitted tells of drivers that an image has now, and that dracut leaves out of the
// next one.
func warnOmitted(e *edit.Editor, p *imageRepair, bus string) error {
	if bus == "" || p.image == nil || p.image.Generator != initramfs.GeneratorDracut && !hasTool(e, "dracut") {
		return nil
	}
	var modules []string
	for _, driver := range []string{"virtio_pci", "virtio_blk"} {
		if !p.drivers.Builtin[driver] {
			modules = append(modules, driver)
		}
	}
	bans, err := kernel.Omitted(e, modules)
	if err != nil {
		return err
	}
	var told []string
	for _, driver := range modules {
		if ban, ok := bans[driver]; ok {
			told = appendMissing(told, ban.String())
		}
	}
	if len(told) > 0 {
		e.Warn(report.ConcernForbiddenLater, "the guest starts now, but dracut leaves the virtio disk driver out of the next initramfs that it makes: "+strings.Join(told, "; "),
			"remove that in the guest before its next update of the kernel")
	}
	return nil
}

// warnOtherEntries tells of entries and images that somebody has to choose, and that do
// not start from a virtio disk then.
func warnOtherEntries(e *edit.Editor, forbidden kernel.Forbidden, drivers []kernel.Drivers) {
	builtin := func(k int) map[string]bool {
		if k < len(drivers) {
			return drivers[k].Builtin
		}
		return nil
	}
	for _, other := range forbidden.Others(builtin) {
		subject := other.Entry.Name()
		if other.Entry.Unified {
			subject = "the unified kernel image " + other.Entry.File
		}
		e.Warn(report.ConcernDriverForbidden, subject+" is forbidden to load the virtio disk driver ("+other.Ban.String()+"): it does not start from a virtio disk",
			"remove that in the guest, and take its disks again; or attach the disk to a SATA controller where it is to be started")
	}
}

// warnLaterMenus tells of what forbids virtio drivers once a boot menu is made anew.
func warnLaterMenus(e *edit.Editor, bans []kernel.Ban) {
	for _, ban := range bans {
		e.Warn(report.ConcernForbiddenLater, "the guest starts now, but the boot menu that its next update makes will forbid a virtio driver ("+ban.String()+")",
			"remove that in the guest before its next update of the kernel or of its boot menu")
	}
}
