package bootloader

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
)

// advice is what is done about a boot loader in the guest, each to stand in a remedy.
type advice struct {
	install string // how it comes onto the disk
	repair  string // how its menu comes to start what is there
	choose  string // how the entry is chosen that it starts by itself
	// uefi is set where UEFI firmware alone starts it.
	uefi bool
}

var advices = map[menu.Loader]advice{
	menu.GRUB: {
		install: "GRUB: grub-install", repair: "update-grub, or grub2-mkconfig -o with the menu's file",
		choose: "grub-set-default, or GRUB_DEFAULT in /etc/default/grub and update-grub",
	},
	menu.GRUBLegacy: {install: "GRUB: grub-install", repair: "edit the menu's file", choose: "default in the menu's file"},
	menu.LoaderEntries: {
		install: "systemd-boot: bootctl install", repair: "kernel-install add, for each kernel that is there",
		choose: "default in loader.conf", uefi: true,
	},
	menu.Unified: {
		install: "systemd-boot: bootctl install", repair: "have the guest's kernel-install, dracut or mkinitcpio make the image anew",
		choose: "default in loader.conf", uefi: true,
	},
	menu.Syslinux: {install: "syslinux: extlinux --install with the menu's directory", repair: "edit the menu's file", choose: "DEFAULT in the menu's file"},
	menu.LILO:     {install: "LILO: lilo", repair: "edit the menu's file and run lilo", choose: "default in the menu's file, and run lilo"},
	menu.ELILO: {
		install: "ELILO: elilo, or copy elilo.efi and its elilo.conf to EFI/BOOT as BOOTX64.EFI and elilo.conf",
		repair:  "edit the menu's file, and run elilo where the guest has it", choose: "default in the menu's file", uefi: true,
	},
	menu.REFInd: {install: "rEFInd: refind-install --usedefault with the partition", repair: "edit the menu's file", choose: "default_selection in refind.conf", uefi: true},
	menu.Limine: {
		install: "Limine: limine bios-install with the disk, or copy its BOOTX64.EFI to EFI/BOOT", repair: "edit the menu's file",
		choose: "default_entry in the menu's file",
	},
}

// advise joins what is to be done about the loaders of the menus; about GRUB, which
// most guests have, where there is none.
func advise(menus []menu.Menu, pick func(advice) string) string {
	var all []string
	for _, m := range menus {
		if text := pick(advices[m.Loader]); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		all = []string{pick(advices[menu.GRUB])}
	}
	return strings.Join(all, "; or ")
}

func toInstall(a advice) string { return a.install }
func toRepair(a advice) string  { return a.repair }
func toChoose(a advice) string  { return a.choose }

// started are the menus' loaders and where their menus begin.
func started(menus []menu.Menu) string {
	var all []string
	for _, m := range menus {
		all = append(all, string(m.Loader)+" ("+m.File+")")
	}
	return strings.Join(all, ", ")
}
