package bootable

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
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
	withoutESP := []guest.Mount{guesttest.BootMounts[0], guesttest.BootMounts[1]}
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
		"no EFI program, systemd-boot":       {files: files("/boot/efi/loader/entries/m.conf", "linux /vmlinuz-6.1\n"), firmware: guest.FirmwareUEFI, told: "no EFI program", remedy: "bootctl install", not: "grub"},
		"GRUB Legacy starts nothing":         {files: files("/boot/grub/menu.lst", "title x\n kernel /vmlinuz-gone root=UUID=root-uuid\n"), told: "/vmlinuz-gone", remedy: "edit the menu's file", not: "update-grub"},
		"extlinux starts nothing":            {files: files("/boot/extlinux.conf", "DEFAULT l\nLABEL l\n LINUX vmlinuz-gone\n"), told: "vmlinuz-gone", remedy: "edit the menu's file", not: "update-grub"},
		"systemd-boot starts nothing":        {files: with(entries, "/boot/loader/entries/m.conf", "linux /vmlinuz-gone\n"), loader: "none", mounts: withoutESP, told: noESP, remedy: "migrate the disk", not: "grub-mkconfig"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mounts, firmware := tt.mounts, tt.firmware
			if mounts == nil {
				mounts = guesttest.BootMounts
			}
			if firmware == "" {
				firmware = guest.FirmwareBIOS
			}
			e := edittest.New(t, edit.Guest{FS: guesttest.New(t, tt.files), Mounts: mounts})
			g := New(e, devname.New(guesttest.BootDevices, mounts), Start{Firmware: firmware, BootLoader: tt.loader})
			message, advised := "", ""
			_, err := g.Require("")
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
