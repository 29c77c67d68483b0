package menu

import (
	"slices"
	"strings"
)

// Advice is what is done about a boot loader in the guest, each to stand in a remedy.
type Advice struct {
	Install string // how it comes onto the disk
	Repair  string // how its menu comes to start what is there
	Choose  string // how the entry is chosen that it starts by itself
	// UEFI is set where UEFI firmware alone starts it.
	UEFI bool
}

var advices = map[Loader]Advice{
	GRUB: {
		Install: "GRUB: grub-install", Repair: "update-grub, or grub2-mkconfig -o with the menu's file",
		Choose: "grub-set-default, or GRUB_DEFAULT in /etc/default/grub and update-grub",
	},
	GRUBLegacy: {Install: "GRUB: grub-install", Repair: "edit the menu's file", Choose: "default in the menu's file"},
	LoaderEntries: {
		Install: "systemd-boot: bootctl install", Repair: "kernel-install add, for each kernel that is there",
		Choose: "default in loader.conf", UEFI: true,
	},
	Unified: {
		Install: "systemd-boot: bootctl install", Repair: "have the guest's kernel-install, dracut or mkinitcpio make the image anew",
		Choose: "default in loader.conf", UEFI: true,
	},
	Syslinux: {Install: "syslinux: extlinux --install with the menu's directory", Repair: "edit the menu's file", Choose: "DEFAULT in the menu's file"},
	LILO:     {Install: "LILO: lilo", Repair: "edit the menu's file and run lilo", Choose: "default in the menu's file, and run lilo"},
	ELILO: {
		Install: "ELILO: elilo, or copy elilo.efi and its elilo.conf to EFI/BOOT as BOOTX64.EFI and elilo.conf",
		Repair:  "edit the menu's file, and run elilo where the guest has it", Choose: "default in the menu's file", UEFI: true,
	},
	REFInd: {Install: "rEFInd: refind-install --usedefault with the partition", Repair: "edit the menu's file", Choose: "default_selection in refind.conf", UEFI: true},
	Limine: {
		Install: "Limine: limine bios-install with the disk, or copy its BOOTX64.EFI to EFI/BOOT", Repair: "edit the menu's file",
		Choose: "default_entry in the menu's file",
	},
}

// Advice is what is done about the loader in the guest.
func (l Loader) Advice() Advice { return advices[l] }

// Advise joins what is to be done about the loaders; about GRUB, which most guests have,
// where there is none.
func Advise(loaders []Loader, pick func(Advice) string) string {
	var all []string
	for _, l := range loaders {
		if text := pick(l.Advice()); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		all = []string{pick(GRUB.Advice())}
	}
	return strings.Join(all, "; or ")
}
