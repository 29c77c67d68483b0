package initrd

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

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
