package initrd

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestForbiddenElsewhere: what forbids a driver counts wherever kernels get their
// parameters.
func TestForbiddenElsewhere(t *testing.T) {
	t.Parallel()
	all := []string{"virtio", "virtio_ring", "virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "sd_mod", "ext4"}
	entry := func(title, more string) string {
		return "menuentry '" + title + "' {\nlinux /boot/vmlinuz-" + version + " root=UUID=11111111-1111 " + more + "\ninitrd /boot/initrd.img-" + version + "\n}\n"
	}
	const grub, ban = "/boot/grub/grub.cfg", "modprobe.blacklist=floppy,virtio_blk,virtio_scsi"
	loader := "linux /boot/vmlinuz-" + version + "\ninitrd /boot/initrd.img-" + version + "\noptions root=UUID=11111111-1111 "
	legacy := "title a\nkernel /boot/vmlinuz-" + version + " root=UUID=11111111-1111 " + ban + "\ninitrd /boot/initrd.img-" + version + "\n"
	for name, tt := range map[string]struct {
		files    map[string]string
		inImage  map[string]string
		bus      string
		told     []string // in the only warning, or none
		warnings int
	}{
		"of other drivers":                 {files: map[string]string{grub: entry("a", ""), "/etc/default/grub": "GRUB_CMDLINE_LINUX=\"modprobe.blacklist=floppy\"\n", "/efi/EFI/Linux/l.efi": guesttest.UnifiedImage(t, "root=UUID=x module_blacklist=floppy")}, bus: "virtio"},
		"a comment":                        {files: map[string]string{grub: entry("a", ""), "/etc/default/grub": "#GRUB_CMDLINE_LINUX=\"" + ban + "\"\n"}, bus: "virtio"},
		"the default in a submenu":         {files: map[string]string{grub: "set default='1>0'\n" + entry("a", "") + "submenu m {\n" + entry("b", ban) + "}\n"}, bus: "sata", told: []string{grub, `entry "b"`}, warnings: 2},
		"a choice in a submenu":            {files: map[string]string{grub: entry("a", "") + "submenu m {\n" + entry("b", ban) + "}\n"}, bus: "virtio", told: []string{grub, `entry "b"`, "does not start from a virtio disk"}, warnings: 1},
		"entries of another loader":        {files: map[string]string{grub: entry("a", ""), "/boot/loader/entries/x.conf": loader + ban + "\n"}, bus: "sata", told: []string{"/boot/loader/entries/x.conf"}, warnings: 2},
		"a menu of GRUB Legacy beside it":  {files: map[string]string{grub: entry("a", ""), "/boot/grub/menu.lst": legacy}, bus: "sata", told: []string{"menu.lst"}, warnings: 2},
		"a unified image":                  {files: map[string]string{grub: entry("a", ""), "/efi/EFI/Linux/l.efi": guesttest.UnifiedImage(t, "root=UUID=x "+ban)}, bus: "virtio", told: []string{"/efi/EFI/Linux/l.efi", "virtio_blk"}, warnings: 1},
		"a unified image, by initcall":     {files: map[string]string{grub: entry("a", ""), "/efi/EFI/Linux/l.efi": guesttest.UnifiedImage(t, "initcall_blacklist=virtio_pci_driver_init")}, bus: "virtio", told: []string{"l.efi"}, warnings: 1},
		"the next menu":                    {files: map[string]string{grub: entry("a", ""), "/etc/default/grub": "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"quiet " + ban + "\"\n"}, bus: "virtio", told: []string{"/etc/default/grub: line 2: " + ban, "next update"}, warnings: 1},
		"the next menu, by a part":         {files: map[string]string{grub: entry("a", ""), "/etc/default/grub.d/50-x.cfg": "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX module_blacklist=virtio_net\"\n"}, bus: "virtio", told: []string{"50-x.cfg", "virtio_net"}, warnings: 1},
		"the next loader entry":            {files: map[string]string{grub: entry("a", ""), "/etc/kernel/cmdline": "root=UUID=x rd.driver.blacklist=virtio_pci\n"}, bus: "virtio", told: []string{"/etc/kernel/cmdline"}, warnings: 1},
		"the next, which forbids it now":   {files: map[string]string{grub: entry("a", ban), "/etc/kernel/cmdline": ban + "\n"}, bus: "sata", told: []string{grub}, warnings: 2},
		"dracut's parameters in the image": {files: map[string]string{grub: entry("a", "")}, inImage: map[string]string{"etc/cmdline.d/20-x.conf": "rd.driver.blacklist=virtio_blk,virtio_scsi\n"}, bus: "sata", told: []string{"etc/cmdline.d/20-x.conf"}, warnings: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runInitramfs(t, guesttest.New(t, guesttest.KernelFiles(version), map[string]string{
				"/boot/initrd.img-" + version: guesttest.DebianImage(t, version, tt.inImage, all...),
			}, tt.files), nil)
			if r.DiskBus != tt.bus || len(r.warnings) != tt.warnings {
				t.Fatalf("disk bus %q with %v, want %q with %d", r.DiskBus, r.warnings, tt.bus, tt.warnings)
			}
			for _, want := range tt.told {
				if !strings.Contains(r.warnings[0].Message, want) || r.warnings[0].Remedy == "" {
					t.Errorf("%v does not say %q", r.warnings[0], want)
				}
			}
		})
	}
}

// TestForbiddenDrivers: a driver that is there and may not be loaded is none.
func TestForbiddenDrivers(t *testing.T) {
	t.Parallel()
	const etc = "/etc/modprobe.d/hardening.conf"
	const grub = "/boot/grub/grub.cfg"
	all := []string{"virtio", "virtio_ring", "virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "sd_mod", "ext4"}
	for name, tt := range map[string]struct {
		inImage    string // modprobe's configuration in the initramfs
		inGuest    string
		parameters string
		builtin    bool
		bus, card  string
		told       []string // in the only warning
	}{
		"nothing":                {bus: "virtio", card: "virtio"},
		"of others":              {inImage: "blacklist floppy\ninstall dccp /bin/true\n# blacklist virtio_blk\n", parameters: "module_blacklist=floppy", bus: "virtio", card: "virtio"},
		"blacklist":              {inImage: "blacklist virtio_pci\n", bus: "sata", card: "virtio", told: []string{"initrd.img", "modprobe.d/x.conf in it, line 1: blacklist virtio_pci"}},
		"hyphen, continued":      {inImage: "\nblacklist \\\n virtio-pci\n", bus: "sata", card: "virtio", told: []string{"line 2: blacklist virtio-pci"}},
		"blk alone":              {inImage: "blacklist virtio_blk\n", bus: "scsi", card: "virtio", told: []string{"virtio-scsi"}},
		"install":                {inImage: "install virtio_pci /bin/false\n", bus: "sata", card: "virtio", told: []string{"install virtio_pci"}},
		"install that loads":     {inImage: "install virtio_pci /sbin/modprobe --ignore-install virtio_pci\n", bus: "virtio", card: "virtio"},
		"alias off":              {inImage: "alias virtio_pci off\n", bus: "sata", card: "virtio", told: []string{"alias"}},
		"what it needs":          {inImage: "install virtio_ring /bin/true\n", bus: "sata", card: "virtio", told: []string{"virtio_ring"}},
		"blacklist of a need":    {inImage: "blacklist virtio_ring\n", bus: "virtio", card: "virtio"},
		"in the guest alone":     {inGuest: "blacklist virtio_blk\n", bus: "virtio", card: "virtio", told: []string{"built later", etc + ": line 1"}},
		"card":                   {inGuest: "install virtio_net /bin/true\n", bus: "virtio", card: "e1000e", told: []string{etc, "e1000e"}},
		"modprobe.blacklist":     {parameters: "modprobe.blacklist=virtio_pci", bus: "sata", card: "e1000e", told: []string{grub, "modprobe.blacklist=virtio_pci"}},
		"rd.driver.blacklist":    {parameters: "rd.driver.blacklist=floppy,virtio_pci", bus: "sata", card: "e1000e", told: []string{grub}},
		"module_blacklist":       {parameters: "module_blacklist=virtio", bus: "sata", card: "e1000e"},
		"initcall":               {parameters: "initcall_blacklist=virtio_pci_driver_init", bus: "sata", card: "e1000e", told: []string{grub, "initcall"}},
		"initcall, built in":     {builtin: true, parameters: "initcall_blacklist=virtio_pci_driver_init", bus: "sata", card: "e1000e", told: []string{grub}},
		"module list, built in":  {builtin: true, parameters: "module_blacklist=virtio_pci modprobe.blacklist=virtio_blk", bus: "virtio", card: "virtio"},
		"configuration, builtin": {builtin: true, inImage: "blacklist virtio_blk\n", inGuest: "install virtio_pci /bin/false\n", bus: "virtio", card: "virtio"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var builtin []string
			if tt.builtin {
				builtin = all
			}
			r := runInitramfs(t, guesttest.New(t, guesttest.KernelFiles(version, builtin...), map[string]string{
				"/boot/initrd.img-" + version: guesttest.DebianImage(t, version, map[string]string{"etc/modprobe.d/x.conf": tt.inImage}, all...),
				etc:                           tt.inGuest,
				grub: "menuentry x {\nlinux /boot/vmlinuz-" + version + " root=UUID=11111111-1111 " + tt.parameters +
					"\ninitrd /boot/initrd.img-" + version + "\n}\n",
			}), nil)
			if r.DiskBus != tt.bus || r.NICModel != tt.card {
				t.Errorf("disk bus %q, card %q, want %q, %q; %v", r.DiskBus, r.NICModel, tt.bus, tt.card, r.warnings)
			}
			if good := tt.bus == "virtio" && tt.card == "virtio"; good && len(tt.told) == 0 && len(r.warnings) > 0 || !good && len(r.warnings) == 0 {
				t.Errorf("warnings: %v", r.warnings)
			}
			for _, want := range tt.told {
				if len(r.warnings) == 0 || !strings.Contains(r.warnings[0].Message, want) {
					t.Errorf("warnings %v do not begin with one of %q", r.warnings, want)
				}
			}
		})
	}
}

// TestOmittedLater: dracut leaves out of later images what its configuration says, though
// the one that is there has it.
func TestOmittedLater(t *testing.T) {
	t.Parallel()
	const local, vendor = "/etc/dracut.conf.d/x.conf", "/usr/lib/dracut/dracut.conf.d/x.conf"
	all := []string{"virtio", "virtio_ring", "virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "sd_mod", "ext4"}
	for name, tt := range map[string]struct {
		files map[string]string
		told  string
	}{
		"by name":                     {map[string]string{local: "a=1\nomit_drivers+=\" floppy virtio_blk \"\n"}, local + ": line 2: omit_drivers has virtio_blk"},
		"by an expression":            {map[string]string{"/etc/dracut.conf": "omit_drivers+=\" virtio.* \"\n"}, "/etc/dracut.conf: line 1: omit_drivers has virtio.*"},
		"with hyphens":                {map[string]string{local: "omit_drivers=\"virtio-pci\"\n"}, "virtio-pci"},
		"an exact list":               {map[string]string{local: "drivers+=\" ahci sd_mod ext4 \"\n"}, "drivers does not have virtio_"},
		"of the distribution":         {map[string]string{vendor: "omit_drivers+=\" virtio_blk \"\n"}, vendor},
		"of the distribution, hidden": {map[string]string{vendor: "omit_drivers+=\" virtio_blk \"\n", local: "hostonly=yes\n"}, ""},
		"asked for, too":              {map[string]string{local: "omit_drivers+=\" virtio_blk \"\nforce_drivers+=\" virtio_blk \"\n"}, ""},
		"an exact list that has them": {map[string]string{local: "drivers+=\" virtio_pci virtio-blk \"\n"}, ""},
		"an exact list and more":      {map[string]string{local: "drivers+=\" ahci \"\nadd_drivers+=\" virtio_pci virtio_blk \"\n"}, ""},
		"other drivers":               {map[string]string{local: "omit_drivers+=\" nouveau virtio_gpu \"\nadd_drivers+=\" ext4 \"\nfilesystems+=\" ext4 \"\n"}, ""},
		"a comment":                   {map[string]string{local: "#omit_drivers+=\" virtio_blk \"\n"}, ""},
		"no dracut":                   {map[string]string{local: "omit_drivers+=\" virtio_blk \"\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"/usr/bin/dracut": "#!", "/boot/initrd.img-" + version: guesttest.DebianImage(t, version, nil, all...)}
			if name == "no dracut" {
				delete(files, "/usr/bin/dracut")
			}
			r := runInitramfs(t, guesttest.New(t, guesttest.KernelFiles(version), files, tt.files), nil)
			if tt.told == "" && len(r.warnings) > 0 || tt.told != "" && (len(r.warnings) != 1 || !strings.Contains(r.warnings[0].Message, tt.told)) || r.DiskBus != "virtio" {
				t.Errorf("bus %s, warnings %v, want %q", r.DiskBus, r.warnings, tt.told)
			}
		})
	}
}
