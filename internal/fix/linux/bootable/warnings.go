package bootable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/esp"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// advise is what is to be done about the loaders of the menus.
func advise(menus []judgedMenu, pick func(menu.Advice) string) string {
	var loaders []menu.Loader
	for _, m := range menus {
		loaders = append(loaders, m.Loader)
	}
	return menu.Advise(loaders, pick)
}

func toInstall(a menu.Advice) string { return a.Install }
func toRepair(a menu.Advice) string  { return a.Repair }
func toChoose(a menu.Advice) string  { return a.Choose }

// chooseDefault is the remedy of menus whose defaults start nothing.
func chooseDefault(menus []judgedMenu, better string) string {
	return "choose an entry that starts as the default in the guest" + better + " (" + advise(menus, toChoose) + "), and take its disks again"
}

// warnBootSector tells where a BIOS does not come to a loader that is known.
func (g *Guest) warnBootSector(menus []judgedMenu) {
	if g.start.Firmware != guest.FirmwareBIOS {
		return
	}
	var found string
	switch g.start.BootLoader {
	case "none":
		found = "the boot sectors of the boot disk hold no boot loader: a BIOS finds nothing to start on it"
	case "unknown":
		found = "the code in the boot sector of the boot disk is of no boot loader that is known: what it starts is not known"
	case "Windows":
		found = "the boot sector of the boot disk starts Windows, and not this guest"
	default:
		return
	}
	remedy := "start the guest's image before the old machine is given up; if nothing comes up, install the boot loader from a rescue system (" + advise(menus, toInstall) + ")"
	if g.onlyUEFI(menus) {
		found += "; and what the guest is started by, " + started(menus) + ", UEFI firmware alone starts, from an EFI system partition, of which none was found"
		remedy = "migrate the disk that has the EFI system partition, too; if no disk has one, the guest needs a boot loader that a BIOS starts: " +
			"install one in the guest on its old machine (" + menu.Advise(nil, toInstall) + "), and take its disks again"
	}
	g.edit.Warn(report.ConcernBootSector, found, remedy)
}

// onlyUEFI reports whether all menus are of loaders that no BIOS starts, while there
// is nothing that UEFI firmware would start them from.
func (g *Guest) onlyUEFI(menus []judgedMenu) bool {
	bios := func(m judgedMenu) bool { return !m.Loader.Advice().UEFI }
	_, partition := esp.Of(g.edit)
	return len(menus) > 0 && !slices.ContainsFunc(menus, bios) && !partition
}

// started are the menus' loaders and where their menus begin.
func started(menus []judgedMenu) string {
	var all []string
	for _, m := range menus {
		all = append(all, string(m.Loader)+" ("+m.File+")")
	}
	return strings.Join(all, ", ")
}

// warnUnshown tells where GRUB's menus start nothing, and what would start the guest is
// shown by systemd-boot, which is not there: a left-over, as far as anybody can tell.
func (g *Guest) warnUnshown(menus []judgedMenu) error {
	ofGRUB := func(m judgedMenu) bool { return m.Loader == menu.GRUB || m.Loader == menu.GRUBLegacy }
	var broken, unshown []judgedMenu
	for _, m := range menus {
		alive := m.Unclear != "" || slices.ContainsFunc(m.entries, func(e judged) bool { return e.outcome != dead })
		switch {
		case ofGRUB(m) && !alive:
			broken = append(broken, m)
		case !ofGRUB(m) && m.Loader != menu.LoaderEntries && m.Loader != menu.Unified, ofGRUB(m):
			return nil // may show its own
		case alive:
			unshown = append(unshown, m)
		}
	}
	partition, found := esp.Of(g.edit)
	if !found || g.start.Firmware != guest.FirmwareUEFI || len(broken) == 0 || len(unshown) == 0 {
		return nil
	}
	if has, err := partition.HasSystemdBoot(); err != nil || has {
		return err
	}
	g.edit.Warn(report.ConcernMenuUncertain, fmt.Sprintf("nothing tells that the guest starts: the menus of %s start nothing, and %s needs systemd-boot, which is not on the EFI system partition",
		started(broken), started(unshown)),
		"repair the menu in the guest on its old machine ("+advise(broken, toRepair)+"), and take its disks again; or start the image before the old machine is given up")
	return nil
}

// warnOldDisk tells of the menu, if there is one, that starts by itself an entry which
// needs a disk that is called as in the old machine. It reports whether the new machine
// has to have such a disk: where no default is known to do without, where nothing else
// starts at all (only), or where that is told of LILO already. mended is as for Require.
func (g *Guest) warnOldDisk(menus []judgedMenu, only, byLILO bool, mended string) (needed bool) {
	var tied []judged
	without, told := false, byLILO
	for _, m := range menus {
		for i, e := range m.entries {
			switch {
			case e.outcome == oldDisk && len(tied) == 0 && (only || i == m.Default):
				tied, told = append(tied, e), told || m.Loader == menu.Unified
			case e.outcome == starts && i == m.Default:
				without = true
			}
		}
	}
	if len(tied) == 0 {
		return byLILO
	}
	if !told {
		better := "name the root file system by UUID"
		if tied[0].NativeDisk != "" {
			better = "remove nativedisk and `insmod ahci`, and have GRUB find its file system by search --fs-uuid,"
		}
		g.edit.Warn(report.ConcernOldDiskName, tied[0].String()+": on a virtio disk it does not start",
			or(mended, better+" in "+tied[0].File+" in the guest before the migration", "attach its disk to a SATA controller, if it was a SCSI or SATA disk"))
	}
	return byLILO || !without
}

// warnIdleDefault tells where a menu starts by itself what is no kernel of Linux: it
// halts, goes back to the firmware, or starts another disk.
func (g *Guest) warnIdleDefault(menus []judgedMenu) {
	for _, m := range menus {
		if _, ok := m.fallback(); ok || m.Default >= 0 || m.DefaultTitle == "" || m.Unclear != "" || m.Idle != "" {
			continue
		}
		better := ""
		if e, ok := m.replacement(); ok {
			better = ", such as " + e.Name()
		}
		g.edit.Warn(report.ConcernMenuDefault, fmt.Sprintf("%s starts by itself entry %q, which starts no kernel of Linux: the guest does not come up unless somebody chooses another", m.File, m.DefaultTitle),
			chooseDefault([]judgedMenu{m}, better))
	}
}

// warnOtherSystem tells where a menu starts by itself another system than the one
// that was fixed.
func (g *Guest) warnOtherSystem(menus []judgedMenu) {
	for _, m := range menus {
		if e, ok := m.preset(); ok && e.outcome == starts && e.otherSystem != "" && g.judge.devices.HasRoot {
			g.edit.Warn(report.ConcernMenuOtherSystem, fmt.Sprintf("%s starts by itself another system than the one that was fixed: %s has %s", m.File, e.Name(), e.otherSystem),
				"if the other is meant, migrate without the disk, snapshot or subvolume that holds this one")
		}
	}
}

// warnLILO tells of LILO, and reports whether it has: it keeps the number of the root
// device, and where its kernels lie, in a map that its own program writes, so that no
// edit helps.
func (g *Guest) warnLILO(menus []judgedMenu) (told bool) {
	numbered := func(e menu.Entry) bool {
		becomes, _ := g.judge.devices.root(e, len(e.Initramfs) > 0)
		return becomes == oldDisk
	}
	for _, m := range menus {
		if m.Loader != menu.LILO || !slices.ContainsFunc(m.Entries, numbered) {
			continue
		}
		told = true
		g.edit.Warn(report.ConcernOldDiskName, "the guest is started by LILO ("+m.File+"), which keeps the root device as a number of the old machine's disk: on a virtio disk the guest will not start",
			"attach the disk to a SATA controller, if it was a SCSI or SATA disk; or write root=\"UUID=...\" and boot=/dev/vda into "+m.File+
				" and run lilo in the guest from a rescue system; or install GRUB in the guest before the migration")
	}
	return told
}
