package bootloader

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// TestAdviceFitsTheLoader: no remedy names the tool of another loader than the
// guest's own.
func TestAdviceFitsTheLoader(t *testing.T) {
	t.Parallel()
	kernel := []string{"/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i"}
	elilo := files(append(kernel, "/boot/efi/EFI/Slackware/elilo.conf", "image=vmlinuz-6.1\n initrd=initrd.img-6.1\n append=\"root=UUID=root-uuid ro\"\n")...)
	refind := files(append(kernel, "/boot/refind_linux.conf", "\"Boot\" \"root=UUID=root-uuid ro\"\n")...)
	entries := files(append(kernel, "/boot/loader/entries/m.conf", "linux /vmlinuz-6.1\ninitrd /initrd.img-6.1\noptions root=UUID=root-uuid\n")...)
	limine := files(append(kernel, "/boot/limine.conf", "/Linux\n  protocol: linux\n  path: boot():/vmlinuz-6.1\n  cmdline: root=UUID=root-uuid\n  module_path: boot():/initrd.img-6.1\n")...)
	withoutESP := []guest.Mount{startMounts[0], startMounts[1]}
	const noESP = "of which none was found"
	for name, tt := range map[string]struct {
		files    map[string]string
		mounts   []guest.Mount
		firmware string
		loader   string // in the boot sector
		told     string // in the message
		remedy   string
		not      string // in the remedy
	}{
		"ELILO without its partition":        {files: elilo, mounts: withoutESP, loader: "none", told: "ELILO (/boot/efi/EFI/Slackware/elilo.conf), UEFI firmware alone starts", remedy: "migrate the disk that has the EFI system partition", not: "if nothing comes up"},
		"rEFInd without its partition":       {files: refind, mounts: withoutESP, loader: "none", told: noESP, remedy: "migrate the disk that has the EFI system partition", not: "if nothing comes up"},
		"systemd-boot without its partition": {files: entries, mounts: withoutESP, loader: "unknown", told: noESP, remedy: "migrate the disk that has the EFI system partition", not: "if nothing comes up"},
		"rEFInd, and a partition for it":     {files: refind, loader: "none", told: "hold no boot loader", remedy: "refind-install", not: "grub"},
		"Limine":                             {files: limine, mounts: withoutESP, loader: "unknown", told: "no boot loader that is known", remedy: "limine bios-install", not: "grub"},
		"GRUB":                               {files: files(append(kernel, "/boot/grub/grub.cfg", "menuentry x {\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n}\n")...), mounts: withoutESP, loader: "none", told: "hold no boot loader", remedy: "grub-install", not: "EFI"},
		"no EFI program, ELILO":              {files: elilo, firmware: guest.FirmwareUEFI, told: "no EFI program", remedy: "elilo.efi", not: "grub"},
		"no EFI program, rEFInd":             {files: refind, firmware: guest.FirmwareUEFI, told: "no EFI program", remedy: "refind-install", not: "grub"},
		"no EFI program, systemd-boot":       {files: entries, firmware: guest.FirmwareUEFI, told: "no EFI program", remedy: "bootctl install", not: "grub"},
		"GRUB Legacy starts nothing":         {files: files("/boot/grub/menu.lst", "title x\n kernel /vmlinuz-gone root=UUID=root-uuid\n"), told: "/vmlinuz-gone", remedy: "edit the menu's file", not: "update-grub"},
		"extlinux starts nothing":            {files: files("/boot/extlinux.conf", "DEFAULT l\nLABEL l\n LINUX vmlinuz-gone\n"), told: "vmlinuz-gone", remedy: "edit the menu's file", not: "update-grub"},
		"systemd-boot starts nothing":        {files: with(entries, "/boot/loader/entries/m.conf", "linux /vmlinuz-gone\n"), loader: "none", mounts: withoutESP, told: noESP, remedy: "migrate the disk", not: "grub-mkconfig"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mounts, firmware := tt.mounts, tt.firmware
			if mounts == nil {
				mounts = startMounts
			}
			if firmware == "" {
				firmware = guest.FirmwareBIOS
			}
			e := edittest.New(t, edit.Guest{FS: guesttest.New(t, tt.files), Mounts: mounts})
			c := NewConfiguration(e, devname.New(startDevices, mounts), firmware)
			c.StartedBy(tt.loader)
			message, advised := "", ""
			err := c.Verify(true)
			if err != nil {
				message, advised = err.Error(), remedy.Of(err)
			}
			if _, warnings := e.Take(); len(warnings) > 0 {
				message, advised = warnings[0].Message, warnings[0].Remedy
			}
			if !strings.Contains(message, tt.told) || !strings.Contains(advised, tt.remedy) || strings.Contains(strings.ToLower(advised), strings.ToLower(tt.not)) {
				t.Errorf("told %q and advised %q, want %q and %q without %q", message, advised, tt.told, tt.remedy, tt.not)
			}
		})
	}
}

// TestEveryLoaderHasAdvice: a loader whose menus are read has words of its own.
func TestEveryLoaderHasAdvice(t *testing.T) {
	t.Parallel()
	for _, loader := range []menu.Loader{
		menu.GRUB, menu.GRUBLegacy, menu.LoaderEntries, menu.Unified, menu.Syslinux, menu.LILO, menu.ELILO, menu.REFInd, menu.Limine,
	} {
		if a := advices[loader]; a.install == "" || a.repair == "" || a.choose == "" {
			t.Errorf("%s: %+v", loader, a)
		}
	}
}

// TestFallbackLoaderAdvice: what cannot be copied is installed by its own means.
func TestFallbackLoaderAdvice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		program, arch string
		mounts        []guest.Mount
		want          string // in the remedy
	}{
		"rEFInd":               {program: "refind/refind_x64.efi", want: "BOOTX64.EFI (rEFInd: refind-install"},
		"ELILO":                {program: "Slackware/elilo.efi", want: "BOOTX64.EFI (ELILO: elilo"},
		"Limine":               {program: "limine/LIMINE_X64.EFI", want: "BOOTX64.EFI (Limine: limine"},
		"another":              {program: "vendor/own.efi", want: "BOOTX64.EFI: firmware"},
		"no partition":         {program: "refind/refind_x64.efi", mounts: []guest.Mount{{Device: "/dev/sda3", Path: "/"}}, want: "is on the migrated disks and in the guest's /etc/fstab"},
		"unknown architecture": {program: "refind/refind_x64.efi", arch: "loongarch64", want: "choose the loader by hand"},
	} {
		mounts := tt.mounts
		if mounts == nil {
			mounts = startMounts
		}
		e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{"/boot/efi/EFI/" + tt.program: "MZ"}), Mounts: mounts})
		if err := FixFallbackLoader(e, guest.OS{Arch: tt.arch}, guest.FirmwareUEFI); err != nil {
			t.Fatal(err)
		}
		if _, warnings := e.Take(); len(warnings) != 1 || !strings.Contains(warnings[0].Remedy, tt.want) {
			t.Errorf("%s: warnings = %v, want %q", name, warnings, tt.want)
		}
	}
}
