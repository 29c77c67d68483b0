package bootable

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestWarnCore: GRUB has to find its menu before that can start anything.
func TestWarnCore(t *testing.T) {
	t.Parallel()
	tree := files("/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i",
		"/boot/grub/grub.cfg", "menuentry 'x' {\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n}\n")
	search := func(what string) string {
		return "search.fs_uuid " + what + " root hd1,gpt2\nset prefix=($root)'/grub'\n"
	}
	for name, tt := range map[string]struct {
		core     Core
		firmware string
		told     string
	}{
		"nothing known":                  {},
		"the disk itself":                {core: Core{Prefix: "(,gpt2)/grub"}},
		"the first disk":                 {core: Core{Prefix: "(hd0,gpt2)/grub"}},
		"a directory alone":              {core: Core{Prefix: "/boot/grub"}},
		"a volume":                       {core: Core{Prefix: "(lvm/vg-boot)/grub"}},
		"a disk that is not":             {core: Core{Prefix: "(hd1,gpt2)/boot/grub"}, told: "(hd1,gpt2)/boot/grub"},
		"a partition that is not":        {core: Core{Prefix: "(,gpt7)/boot/grub"}, told: "(,gpt7)/boot/grub"},
		"a search":                       {core: Core{Prefix: "(hd1,gpt2)/grub", Config: search("boot-uuid")}},
		"a search in vain":               {core: Core{Prefix: "(,gpt2)/grub", Config: search("gone")}, told: "UUID=gone"},
		"a vain one, and another":        {core: Core{Config: search("gone") + search("boot-uuid")}},
		"a search of another kind":       {core: Core{Prefix: "(hd1,gpt2)/grub", Config: "search.file /grub/x root\n"}},
		"UEFI, which starts another one": {core: Core{Prefix: "(hd1,gpt2)/boot/grub"}, firmware: guest.FirmwareUEFI},
	} {
		e := edittest.New(t, edit.Guest{FS: guesttest.New(t, tree), Mounts: guesttest.BootMounts})
		start := Start{Firmware: guest.FirmwareBIOS, Core: tt.core}
		if tt.firmware != "" {
			start.Firmware = tt.firmware
		}
		New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), start).warnCore(nil)
		_, warnings := e.Take()
		if (len(warnings) == 1) != (tt.told != "") || len(warnings) == 1 && (!strings.Contains(warnings[0].Message, tt.told) || warnings[0].Remedy == "") {
			t.Errorf("%s: %v, want %q", name, warnings, tt.told)
		}
	}
}
