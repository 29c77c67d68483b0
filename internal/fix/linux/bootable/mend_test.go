package bootable

import (
	"cmp"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// TestMendDefault: where another entry of the menu starts the guest, that becomes
// what is started by itself; where none is certain to, the guest is refused, with the
// entry's name.
func TestMendDefault(t *testing.T) {
	t.Parallel()
	newKernel := []string{"/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i"}
	oldKernel := []string{"/boot/vmlinuz-5.10", "k", "/boot/initrd.img-5.10", "i"}
	const grubcfg, grubenv = "/boot/grub/grub.cfg", "/boot/grub/grubenv"
	saved := strings.Replace(debianMenu, `default="0"`, `default="${saved_entry}"`, 1)
	entry := func(title, kernel, more string) string {
		return "menuentry '" + title + "' {\n linux /vmlinuz-" + kernel + " root=UUID=root-uuid " + more + "\n initrd /initrd.img-" + kernel + "\n}\n"
	}
	const bls = "load_env\nset default=\"${saved_entry}\"\nblscfg\n"
	loaderEntry := func(version string) string {
		return "title L " + version + "\nversion " + version + "\nlinux /vmlinuz-" + version + "\ninitrd /initrd.img-" + version + "\noptions root=UUID=root-uuid ro\n"
	}
	both := []string{"/boot/loader/entries/m-6.1.conf", loaderEntry("6.1"), "/boot/loader/entries/m-5.10.conf", loaderEntry("5.10")}
	esp := []string{
		"/boot/efi/loader/entries/m-6.1.conf", loaderEntry("6.1"), "/boot/efi/loader/entries/m-5.10.conf", loaderEntry("5.10"),
		"/boot/efi/vmlinuz-5.10", "k", "/boot/efi/initrd.img-5.10", "i", "/boot/efi/EFI/BOOT/BOOTX64.EFI", "MZ",
	}
	add := func(set []string, more ...string) map[string]string {
		return files(append(append([]string{}, set...), more...)...)
	}
	title := func(name, kernel string) string {
		return "title " + name + "\n kernel /vmlinuz-" + kernel + " root=UUID=root-uuid\n initrd /initrd.img-" + kernel + "\n"
	}
	label := func(name, kernel, more string) string {
		return "LABEL " + name + "\n" + more + " LINUX vmlinuz-" + kernel + "\n INITRD initrd.img-" + kernel + "\n APPEND root=UUID=root-uuid\n"
	}
	for name, tt := range map[string]struct {
		files    map[string]string
		firmware string
		file     string // that is changed
		want     string // what it has then
		fails    string // in the error of Require
		advised  string // in its remedy
		why      string // the change is made; or that its kernel is not there
	}{
		"GRUB, by its number": {files: add(oldKernel, grubcfg, debianMenu), file: grubcfg, want: `set default="gnulinux-advanced-u>gnulinux-5.10-u"`},
		"GRUB, by its title": {
			files: add(newKernel, grubcfg, strings.Replace(debianMenu, `default="0"`, `default="Advanced options>Debian GNU/Linux, with Linux 5.10"`, 1)),
			file:  grubcfg, want: `set default="gnulinux-simple-u"`,
		},
		"GRUB, saved": {files: add(newKernel, grubcfg, saved, grubenv, environmentOf("a=b\nsaved_entry=gnulinux-advanced-u>gnulinux-5.10-u\n")), file: grubenv, want: "a=b\nsaved_entry=gnulinux-simple-u\n##"},
		"GRUB, for the next boot": {
			files: add(newKernel, grubcfg, saved, grubenv, environmentOf("saved_entry=0\nnext_entry=1>0\n")), file: grubenv, want: "saved_entry=0\nnext_entry=\n##",
		},
		"GRUB, for the next boot and all others": {
			files: add(oldKernel, grubcfg, saved, grubenv, environmentOf("saved_entry=gnulinux-simple-u\nnext_entry=0\n")), file: grubenv,
			want: "saved_entry=gnulinux-advanced-u>gnulinux-5.10-u\nnext_entry=\n##",
		},
		"GRUB, nothing saved":          {files: add(oldKernel, grubcfg, saved, grubenv, environmentOf("")), file: grubenv, want: "\nsaved_entry=gnulinux-advanced-u>gnulinux-5.10-u\n##"},
		"GRUB, nothing set, by number": {files: add(oldKernel, grubcfg, entry("a", "6.1", "")+entry("a", "5.10", "")), file: grubcfg, want: "set default=\"1\"\nmenuentry"},
		"GRUB, a title to be quoted":   {files: add(oldKernel, grubcfg, "set default=a\n"+entry("a", "6.1", "")+entry(`b "$5"`, "5.10", "")), file: grubcfg, want: `set default="1"`},
		"loader entries, saved": {
			files: add(append(oldKernel, both...), "/boot/grub2/grub.cfg", bls, "/boot/grub2/grubenv", environmentOf("saved_entry=m-6.1\n")), file: "/boot/grub2/grubenv", want: "saved_entry=m-5.10\n#",
		},
		"loader entries, the newest": {
			files: add(append(oldKernel, both...), "/boot/grub2/grub.cfg", bls, "/boot/grub2/grubenv", environmentOf("x=y\n")), file: "/boot/grub2/grubenv", want: "x=y\nsaved_entry=m-5.10\n#",
		},
		"systemd-boot": {
			firmware: guest.FirmwareUEFI, files: add(esp, "/boot/efi/loader/loader.conf", "timeout 3\ndefault m-6.*\n"),
			file: "/boot/efi/loader/loader.conf", want: "timeout 3\ndefault m-5.10.conf\n",
		},
		"systemd-boot, the first": {
			firmware: guest.FirmwareUEFI, files: add(esp, "/boot/efi/loader/loader.conf", "timeout 3\ndefault @saved", "/boot/efi/vmlinuz-6.1", "k"),
			file: "/boot/efi/loader/loader.conf", want: "timeout 3\ndefault @saved\ndefault m-5.10.conf\n", why: "its initramfs",
		},
		"GRUB Legacy":            {files: add(newKernel, "/boot/grub/menu.lst", "# default 9\ndefault=0\ntimeout=5\n"+title("a", "gone")+title("b", "6.1")), file: "/boot/grub/menu.lst", want: "# default 9\ndefault=1\ntimeout"},
		"GRUB Legacy, the first": {files: add(newKernel, "/boot/grub/grub.conf", title("a", "gone")+title("b", "6.1")), file: "/boot/grub/grub.conf", want: "default 1\ntitle a"},
		"GRUB Legacy, saved": {
			files: add(newKernel, "/boot/grub/menu.lst", "default saved\n"+title("b", "6.1")+title("a", "gone"), "/boot/grub/default", "1\n#\n"), file: "/boot/grub/menu.lst", want: "default 0\n",
		},
		"syslinux":                       {files: add(newKernel, "/boot/extlinux.conf", "DEFAULT a\nONTIMEOUT a\n"+label("a", "gone", "")+label("b", "6.1", "")), file: "/boot/extlinux.conf", want: "DEFAULT b\nONTIMEOUT b\n"},
		"syslinux, by its menu":          {files: add(newKernel, "/boot/extlinux.conf", "UI menu.c32\n"+label("a", "gone", " MENU DEFAULT\n")+label("b", "6.1", "")), file: "/boot/extlinux.conf", want: "LABEL a\n LINUX vmlinuz-gone\n INITRD initrd.img-gone\n APPEND root=UUID=root-uuid\nLABEL b\n  MENU DEFAULT\n"},
		"syslinux, the menu's top":       {files: add(newKernel, "/boot/extlinux.conf", "DEFAULT vesamenu.c32\n"+label("a", "gone", "")+label("b", "6.1", "")), file: "/boot/extlinux.conf", want: "LABEL b\n  MENU DEFAULT\n"},
		"GRUB, halts":                    {files: add(newKernel, grubcfg, "set default=0\nmenuentry off {\n halt\n}\n"+entry("a", "6.1", "")), file: grubcfg, want: "set default=\"a\"\nmenuentry off", why: "it halts the machine"},
		"GRUB, echoes, saved":            {files: add(newKernel, grubcfg, "load_env\nset default=\"${saved_entry}\"\nmenuentry e {\n echo e\n}\n"+entry("a", "6.1", ""), grubenv, environmentOf("saved_entry=e\n")), file: grubenv, want: "saved_entry=a\n#", why: "it starts nothing"},
		"GRUB Legacy, halts":             {files: add(newKernel, "/boot/grub/menu.lst", "default 0\ntitle off\n halt\n"+title("b", "6.1")), file: "/boot/grub/menu.lst", want: "default 1\n", why: "it halts the machine"},
		"GRUB Legacy, beyond its titles": {files: add(newKernel, "/boot/grub/menu.lst", "default 9\n"+title("a", "gone")+title("b", "6.1")), file: "/boot/grub/menu.lst", want: "default 1\n"},
		"syslinux, a disk again":         {files: add(newKernel, "/boot/extlinux.conf", "DEFAULT hd\nLABEL hd\n LOCALBOOT 0x80\n"+label("b", "6.1", "")), file: "/boot/extlinux.conf", want: "DEFAULT b\n", why: "it starts the machine's only disk anew"},
		"Windows is left":                {files: add(newKernel, grubcfg, "menuentry W {\n set root='hd0,1'\n chainloader +1\n}\n"+entry("a", "6.1", ""))},
		"the first that nobody repairs with": {
			files: add(append(oldKernel, "/boot/vmlinuz-5.9", "k", "/boot/initrd.img-5.9", "i"), grubcfg,
				"set default=0\n"+entry("a", "6.1", "")+entry("b", "5.10", "systemd.unit=rescue.target")+entry("a, with Xen hypervisor", "5.10", "")+entry("c", "5.9", "quiet")),
			file: grubcfg, want: "set default=\"c\"\n",
		},

		// What is refused.
		"only to repair with":         {files: add(oldKernel, grubcfg, "set default=0\n"+entry("a", "6.1", "")+entry("b (recovery mode)", "5.10", "single")), fails: `entry "b (recovery mode)"`, advised: `such as entry "b (recovery mode)" of /boot/grub/grub.cfg (grub-set-default`},
		"a default by a file's name":  {files: add(oldKernel, grubcfg, "set d=0\nset default=$d\n"+entry("a", "6.1", "")+entry("b", "5.10", "")), fails: `entry "b"`, advised: `such as entry "b"`},
		"systemd-boot, an empty one":  {firmware: guest.FirmwareUEFI, files: add(esp, "/boot/efi/loader/loader.conf", "default m-6.1.conf\n\tdefault\n", "/boot/efi/vmlinuz-5.10", "k"), file: "/boot/efi/loader/loader.conf", want: "default m-5.10.conf\n\tdefault\n"},
		"nothing starts":              {files: add(nil, grubcfg, debianMenu), fails: "no entry of the guest's boot menus"},
		"the default is all right":    {files: add(append(oldKernel, newKernel...), grubcfg, debianMenu)},
		"a fallback starts by itself": {files: add(oldKernel, grubcfg, "set fallback=1\n"+debianMenu)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			firmware := guest.FirmwareBIOS
			if tt.firmware != "" {
				firmware = tt.firmware
			}
			tree := guesttest.New(t, tt.files)
			e := edittest.New(t, edit.Guest{FS: tree, Mounts: guesttest.BootMounts})
			g := New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), Start{Firmware: firmware})
			if err := g.MendDefault(); err != nil {
				t.Fatal(err)
			}
			changes, warnings := e.Take()
			if len(warnings) > 0 {
				t.Errorf("warnings = %v", warnings)
			}
			for _, change := range changes {
				if change.Path != tt.file || !strings.Contains(change.Description, "by itself") || !strings.Contains(change.Description, "does not start: "+cmp.Or(tt.why, "its kernel")) {
					t.Errorf("change = %+v", change)
				}
			}
			if (len(changes) > 0) != (tt.file != "") {
				t.Errorf("changes = %v", changes)
			}
			if tt.file != "" {
				if text, err := tree.ReadFile(tt.file); err != nil || !strings.Contains(string(text), tt.want) {
					t.Errorf("%s is %q, want %q", tt.file, text, tt.want)
				}
			}
			_, err := g.Require("")
			if (err != nil) != (tt.fails != "") || err != nil && (!strings.Contains(err.Error(), tt.fails) || !strings.Contains(remedy.Of(err), tt.advised)) {
				t.Errorf("error = %v with %q, want %q with %q", err, remedy.Of(err), tt.fails, tt.advised)
			}
			if err := g.MendDefault(); err != nil {
				t.Fatal(err)
			}
			if again, _ := e.Take(); len(again) > 0 {
				t.Errorf("a second time changes %v", again)
			}
		})
	}
}
