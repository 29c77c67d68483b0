package bootable

import (
	"path"
	"regexp"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/esp"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// judgedMenu is a menu, and what becomes of its entries: entries[i] is Entries[i].
type judgedMenu struct {
	menu.Menu

	entries []judged
}

// menus are those that the firmware's loader may show.
func (g *Guest) menus() ([]judgedMenu, error) {
	all, err := menu.Read(g.judge.edit, g.judge.devices.Devices, g.start.Firmware)
	if err != nil {
		return nil, err
	}
	var menus []judgedMenu
	for _, m := range shown(all, g.start) {
		if m, ok := g.readable(m); ok {
			menus = append(menus, g.judge.menu(m))
		}
	}
	return menus, nil
}

// readable is what systemd-boot has of a menu, which UEFI firmware reads the entries
// for: not those on the ext4 or xfs of /boot, that GRUB shows. ok is false where that is
// nothing.
func (g *Guest) readable(m menu.Menu) (kept menu.Menu, ok bool) {
	partition, found := esp.Of(g.edit)
	if g.start.Firmware != guest.FirmwareUEFI || !found || m.Loader != menu.LoaderEntries && m.Loader != menu.Unified {
		return m, true
	}
	kept = m
	kept.Entries, kept.Default = nil, -1
	for i, e := range m.Entries {
		if !partition.Reads(e.File) {
			continue
		}
		if i == m.Default {
			kept.Default = len(kept.Entries)
		}
		kept.Entries = append(kept.Entries, e)
	}
	if len(kept.Entries) == 0 {
		return menu.Menu{}, false
	}
	kept.File = path.Dir(kept.Entries[0].File)
	if m.Default >= 0 && kept.Default < 0 {
		kept.DefaultTitle = ""
	}
	return kept, true
}

// shown are those of the menus that the loader which is started may show.
func shown(all []menu.Menu, start Start) []menu.Menu {
	bios := start.Firmware == guest.FirmwareBIOS
	if bios {
		// A file of the loader that is started counts before those that were left.
		kept := slices.DeleteFunc(slices.Clone(all), func(m menu.Menu) bool { return !readBy(m.Loader, start.BootLoader) })
		if len(kept) > 0 {
			all = kept
		}
	}
	byGRUB := func(m menu.Menu) bool {
		return slices.ContainsFunc(all, func(o menu.Menu) bool { return o.Loader == menu.GRUB && o.Reads(m.Entries[0].File) })
	}
	beside := func(loaders ...menu.Loader) bool {
		return slices.ContainsFunc(all, func(o menu.Menu) bool { return !slices.Contains(loaders, o.Loader) })
	}
	return slices.DeleteFunc(slices.Clone(all), func(m menu.Menu) bool {
		switch m.Loader {
		case menu.LoaderEntries:
			// GRUB shows them, or it is GRUB that a BIOS starts and it does not.
			return byGRUB(m) || bios && beside(menu.LoaderEntries, menu.LILO)
		case menu.LILO:
			return beside(menu.LILO) // its file is a left-over
		}
		return false
	})
}

// readBy reports whether a menu may be that of the loader which a BIOS starts.
func readBy(l menu.Loader, bootLoader string) bool {
	switch bootLoader {
	case string(menu.GRUB):
		return l == menu.GRUB || l == menu.GRUBLegacy || l == menu.LoaderEntries
	case string(menu.LILO), string(menu.Syslinux):
		return string(l) == bootLoader
	}
	return true
}

// asAttached is what becomes of the entries on the machine that the guest gets: where
// none starts from a virtio disk, that has a disk as the old one had.
func asAttached(menus []judgedMenu) []judgedMenu {
	if slices.ContainsFunc(menus, func(m judgedMenu) bool { _, ok := m.starting(); return ok }) {
		return menus
	}
	attached := slices.Clone(menus)
	for i := range attached {
		attached[i].entries = slices.Clone(attached[i].entries)
		for n := range attached[i].entries {
			if e := &attached[i].entries[n]; e.outcome == oldDisk {
				e.outcome = starts
			}
		}
	}
	return attached
}

// preset is the entry that the menu starts by itself; ok is false where that is not
// known, or no kernel.
func (m judgedMenu) preset() (e judged, ok bool) {
	if m.Default < 0 {
		return judged{}, false
	}
	return m.entries[m.Default], true
}

// chosen is the entry that the menu starts by itself, or else the first that starts.
func (m judgedMenu) chosen() (e judged, ok bool) {
	if e, ok := m.preset(); ok && e.outcome == starts {
		return e, true
	}
	return m.starting()
}

// fallback is the entry that the menu goes on with by itself, if it starts.
func (m judgedMenu) fallback() (e judged, ok bool) {
	if m.Fallback < 0 || m.entries[m.Fallback].outcome != starts {
		return judged{}, false
	}
	return m.entries[m.Fallback], true
}

// starting is the first entry that starts.
func (m judgedMenu) starting() (e judged, ok bool) {
	return m.first(func(e judged) bool { return e.outcome == starts })
}

// notUnattended finds entries that nobody wants to be started by itself: those to
// repair the system with, and those below another hypervisor.
var notUnattended = regexp.MustCompile(`(?i)rescue|recovery|single|emergency|failsafe|memtest|kdump|\bxen\b`)

// replacement is the first entry that starts the guest as it is meant to be started.
func (m judgedMenu) replacement() (e judged, ok bool) {
	return m.first(func(e judged) bool {
		if e.outcome != starts || e.Choice == "" || e.otherSystem != "" {
			return false
		}
		said := append([]string{e.Title, e.ID, path.Base(e.Kernel.Name)}, e.Parameters...)
		return !slices.ContainsFunc(said, notUnattended.MatchString) && !slices.Contains(e.Parameters, "1") && !slices.Contains(e.Parameters, "s")
	})
}

func (m judgedMenu) first(is func(judged) bool) (e judged, ok bool) {
	i := slices.IndexFunc(m.entries, is)
	if i < 0 {
		return judged{}, false
	}
	return m.entries[i], true
}
