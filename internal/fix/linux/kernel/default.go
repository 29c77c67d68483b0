package kernel

import (
	"path"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Default returns the index, in kernels, of the one that the boot loader
// starts by itself on a machine with that firmware, "" standing for any. Where no
// configuration tells, it is the newest.
func Default(e *edit.Reader, kernels []Kernel, firmware string) (int, error) {
	if len(kernels) == 0 {
		return -1, nil
	}
	menus, err := menusOf(e, firmware)
	if err != nil {
		return 0, err
	}
	for _, m := range menus {
		if m.Default < 0 {
			continue
		}
		if i := indexOf(e, kernels, m.Entries[m.Default]); i >= 0 {
			return i, nil
		}
	}
	if onlyUnified(menus) {
		return max(0, slices.IndexFunc(kernels, Kernel.Unified)), nil
	}
	return 0, nil
}

// menusOf are the menus that the firmware's loaders may show. A BIOS starts no
// systemd-boot: the entries of that are GRUB's there, which lists them, or left over
// beside another loader.
func menusOf(e *edit.Reader, firmware string) ([]menu.Menu, error) {
	menus, err := menu.Read(e, nil, firmware)
	if err != nil || firmware != guest.FirmwareBIOS {
		return menus, err
	}
	started := func(m menu.Menu) bool { return m.Loader != menu.LoaderEntries && m.Loader != menu.LILO }
	if slices.ContainsFunc(menus, started) {
		menus = slices.DeleteFunc(menus, func(m menu.Menu) bool { return m.Loader == menu.LoaderEntries })
	}
	return menus, nil
}

// indexOf finds the kernel that an entry starts, or -1.
func indexOf(e *edit.Reader, kernels []Kernel, entry menu.Entry) int {
	for _, same := range []func(k Kernel) bool{
		func(k Kernel) bool { return k.Entry != "" && k.Entry == entry.ID },
		func(k Kernel) bool {
			return entry.Kernel.Path != "" && k.Image == behindLinks(e, entry.Kernel.Path) &&
				len(entry.Initramfs) > 0 && k.Initramfs == behindLinks(e, systemImage(entry.Initramfs))
		},
		func(k Kernel) bool {
			return entry.Kernel.Path != "" && k.Image == behindLinks(e, entry.Kernel.Path)
		},
		func(k Kernel) bool { return path.Base(k.Image) == path.Base(entry.Kernel.Name) },
	} {
		if i := slices.IndexFunc(kernels, same); i >= 0 {
			return i
		}
	}
	return -1
}
