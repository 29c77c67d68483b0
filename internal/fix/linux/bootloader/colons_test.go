package bootloader

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestNamesWithColons: a name of an array of another host, or of a disk by its serial
// number, is one name, and is replaced as a whole.
func TestNamesWithColons(t *testing.T) {
	t.Parallel()
	arrays := append(append(guest.Devices{}, guesttest.BootDevices[:3]...),
		guest.Device{Name: "/dev/sda3", Kind: guest.KindPartition, Partition: 3, FSType: "linux_raid_member", UUID: "0a1b2c3d-0000-1111-2222-333344445555"},
		guest.Device{Name: "/dev/md127", Kind: guest.KindMD, Disk: -1, GuestName: guest.ArrayPath("web:0"), FSType: "ext4", UUID: "root-uuid"},
		guest.Device{Name: "/dev/sda4", Kind: guest.KindPartition, Partition: 4, FSType: "swap", UUID: "swap-uuid"})
	volumes := append(append(guest.Devices{}, guesttest.BootDevices[:3]...),
		guest.Device{Name: "/dev/sda3", Kind: guest.KindPartition, Partition: 3, FSType: "LVM2_member", UUID: "pv"},
		guest.Device{Name: "/dev/vg/root", Kind: guest.KindLV, FSType: "ext4", UUID: "root-uuid"})
	const uuid = "root=UUID=root-uuid"
	for _, tt := range []struct {
		devices              guest.Devices
		root                 string
		parameters, replaced string // the same where replaced is none
		fails                bool
	}{
		{arrays, "/dev/md127", "root=/dev/md/web:0", uuid, false},
		{arrays, "/dev/md127", "root=/dev/md/web:0 ro quiet", uuid + " ro quiet", false},
		{arrays, "/dev/md127", "root=/dev/disk/by-id/usb-V_P_92071-0:0-part9 ro", uuid + " ro", false},
		{arrays, "/dev/md127", "root=/dev/md/other:name", "", true},
		{arrays, "/dev/md127", "root=/dev/md/0", uuid, false},
		{arrays, "/dev/md127", "root=/dev/disk/by-id/usb-V_P_92071-0:0-part9", uuid, false},
		{arrays, "/dev/md127", "root=/dev/disk/by-id/scsi-SATA:x_1-part9", uuid, false},
		{arrays, "/dev/md127", uuid + " resume=/dev/disk/by-id/scsi-SATA:x_1-part4", uuid + " resume=UUID=swap-uuid", false},
		{arrays, "/dev/md127", "root=/dev/disk/by-id/md-name-web:0", "", false},
		{arrays, "/dev/md127", "root=/dev/disk/by-id/md-uuid-0a1b2c3d:00001111:22223333:44445555", "", false},
		{arrays, "/dev/md127", "root=/dev/disk/by-id/md-uuid-99999999:00001111:22223333:44445555", "", true},
		{volumes, "/dev/vg/root", "root=/dev/disk/by-id/dm-uuid-LVM-abcdefgh", "", false},
		{volumes, "/dev/vg/root", "root=/dev/disk/by-id/dm-name-vg-root", "", false},
	} {
		t.Run(tt.parameters, func(t *testing.T) {
			t.Parallel()
			mounts := append([]guest.Mount{{Device: tt.root, Path: "/", FSType: "ext4"}}, guesttest.BootMounts[1:]...)
			menu := func(p string) string {
				return "menuentry 'x' {\n linux /vmlinuz-6.1 " + p + "\n initrd /initrd.img-6.1\n}\n"
			}
			e := edittest.New(t, edit.Guest{Mounts: mounts, FS: guesttest.New(t, map[string]string{"/boot/vmlinuz-6.1": "k", "/boot/initrd.img-6.1": "i", "/boot/grub/grub.cfg": menu(tt.parameters)})})
			c := NewConfiguration(e, devname.New(tt.devices, mounts), "bios")
			fixed := c.Fix()
			_, started := verify(c)
			if err := errors.Join(fixed, started); (err != nil) != tt.fails {
				t.Errorf("error %v, fails %v", err, tt.fails)
			}
			want := tt.replaced
			if want == "" {
				want = tt.parameters
			}
			if text, _, _ := e.Read("/boot/grub/grub.cfg"); text != menu(want) {
				t.Errorf("it is %q, want %q", text, strings.TrimSpace(want))
			}
		})
	}
}

// TestColonsLater: the same in the files that menus are made from.
func TestColonsLater(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"/etc/kernel/cmdline", "/etc/default/grub", "/etc/cmdline.d/10.conf"} {
		for _, root := range []string{"/dev/md/web:0", "/dev/disk/by-id/usb-V_P_92071-0:0-part3", "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0-part3"} {
			text := func(root string) string {
				if name == "/etc/default/grub" {
					return "GRUB_CMDLINE_LINUX=\"root=" + root + " quiet\"\n"
				}
				return "root=" + root + " quiet\n"
			}
			e := edittest.New(t, edit.Guest{Mounts: guesttest.BootMounts, FS: guesttest.New(t, map[string]string{name: text(root)})})
			devices := append(guest.Devices{}, guesttest.BootDevices...)
			devices[3].GuestName = root
			if err := NewConfiguration(e, devname.New(devices, guesttest.BootMounts), "bios").Fix(); err != nil {
				t.Error(err)
			}
			if got, _, _ := e.Read(name); got != text("UUID=root-uuid") {
				_, warnings := e.Take()
				t.Errorf("%s: it is %q; %v", name, got, warnings)
			}
		}
	}
}
