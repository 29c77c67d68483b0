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

// layered are a root on LVM, beside an array and encryption that was opened.
var layered = append(append(guest.Devices{}, guesttest.BootDevices[:3]...),
	guest.Device{Name: "/dev/sda3", Kind: guest.KindPartition, Partition: 3, FSType: "LVM2_member", UUID: "pv"},
	guest.Device{Name: "/dev/vg/root", Kind: guest.KindLV, FSType: "ext4", UUID: "root-uuid"},
	guest.Device{Name: "/dev/sda4", Kind: guest.KindPartition, Partition: 4, FSType: "crypto_LUKS", UUID: "aaaabbbb-1111-2222"},
	guest.Device{Name: "/dev/mapper/c", Kind: guest.KindCrypt, Parent: "/dev/sda4", FSType: "xfs", UUID: "crypt-uuid"},
	guest.Device{Name: "/dev/sda5", Kind: guest.KindPartition, Partition: 5, FSType: "linux_raid_member", UUID: "0a1b2c3d-0000-1111-2222-333344445555"},
)

// TestRequireWaits: other devices than the root file system keep a guest from starting.
func TestRequireWaits(t *testing.T) {
	t.Parallel()
	const root = "root=UUID=root-uuid "
	for _, tt := range []struct{ parameters, fails, warns string }{
		{parameters: root + "rd.lvm.lv=vg/root rd.luks.uuid=luks-aaaabbbb-1111-2222 rd.md.uuid=0a1b2c3d:00001111:22223333:44445555 resume=UUID=crypt-uuid mount.usr=UUID=root-uuid"},
		{parameters: root + "fips=1 boot=UUID=boot-uuid"},
		{parameters: root + "boot=UUID=gone"},
		{parameters: root + "boot=local fips=1"},
		{parameters: root + "noresume resume=UUID=gone"},
		{parameters: "root=/dev/vg/root"},
		{parameters: "root=/dev/mapper/vg-root"},
		{parameters: "root=/dev/zvol/pool/root"},
		{parameters: root + "fips=1 boot=UUID=gone", fails: "boot=UUID=gone"},
		{parameters: "root=/dev/oldvg/root", fails: "root=/dev/oldvg/root is on no disk"},
		{parameters: root + "rd.lvm.lv=oldvg/root", warns: "rd.lvm.lv=oldvg/root"},
		{parameters: root + "rd.lvm.lv=vg/gone", warns: "rd.lvm.lv=vg/gone"},
		{parameters: root + "rd.luks.partuuid=gone", warns: "rd.luks.partuuid=gone"},
		{parameters: root + "rd.luks.serial=6000c29f", warns: "rd.luks.serial=6000c29f"},
		{parameters: root + "rd.luks.uuid=luks-gone", warns: "rd.luks.uuid=luks-gone"},
		{parameters: root + "rd.luks.name=gone=root", warns: "rd.luks.name=gone"},
		{parameters: root + "rd.md.uuid=01020304:1:2:3", warns: "rd.md.uuid=01020304"},
		{parameters: root + "mount.usr=UUID=gone", warns: "mount.usr=UUID=gone"},
		{parameters: root + "luks.uuid=luks-gone", warns: "luks.uuid=luks-gone"},
		{parameters: root + "init=/sbin/init rootfstype=ext4"},
		{parameters: root + "init=/lib/systemd/systemd rootfstype=xfs,ext4"},
		{parameters: root + "rootfstype=auto mount.usr=UUID=crypt-uuid mount.usrfstype=xfs"},
		{parameters: root + "init=/old/init ostree=/ostree/boot.1/a/0"},
		{parameters: root + "init=/nix/store/x-nixos/init"},
		{parameters: "root=UUID=boot-uuid init=/old/init", warns: "starts by itself another system"},
		{parameters: "root=/dev/nfs rootfstype=nfs"},
		{parameters: root + "init=/old/init", warns: "init=/old/init: the guest has no such program"},
		{parameters: root + "rootfstype=xfs", warns: "rootfstype=xfs: the root file system has ext4"},
		{parameters: root + "rootfstype=xfs,btrfs", warns: "rootfstype=xfs,btrfs"},
		{parameters: root + "rootfstype=ext3", warns: "rootfstype=ext3"},
		{parameters: root + "mount.usr=UUID=crypt-uuid mount.usrfstype=ext4", warns: "mount.usrfstype=ext4"},
		{parameters: root + "resume=UUID=gone", warns: "resume=UUID=gone"},
		{parameters: root + "resume=/dev/disk/by-uuid/gone", warns: "by-uuid/gone"},
	} {
		t.Run(tt.parameters, func(t *testing.T) {
			t.Parallel()
			mounts := append([]guest.Mount{{Device: "/dev/vg/root", Path: "/", FSType: "ext4"}}, guesttest.BootMounts[1:]...)
			e := edittest.New(t, edit.Guest{Mounts: mounts, FS: guesttest.New(t, files("/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i", "/usr/lib/systemd/systemd", "#!", "/sbin/init", "-> /usr/lib/systemd/systemd", "/lib", "-> usr/lib",
				"/boot/grub/grub.cfg", "menuentry 'x' {\n linux /vmlinuz-6.1 "+tt.parameters+"\n initrd /initrd.img-6.1\n}\n"))})
			_, err := New(e, devname.New(layered, mounts), Start{Firmware: guest.FirmwareBIOS}).Require("")
			_, warnings := e.Take()
			if tt.fails == "" && err != nil || tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)) {
				t.Errorf("error %v, want %q", err, tt.fails)
			}
			if tt.warns == "" && len(warnings) > 0 || tt.warns != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message, tt.warns)) {
				t.Errorf("warnings %v, want %q", warnings, tt.warns)
			}
		})
	}
}

// TestRequireWaitsOfUnifiedImages: the parameters in an image count as those of a menu do.
func TestRequireWaitsOfUnifiedImages(t *testing.T) {
	t.Parallel()
	for parameters, warns := range map[string]string{
		"rd.lvm.lv=vg/root": "", "rd.lvm.lv=oldvg/root": "rd.lvm.lv=oldvg/root", "init=/old/init": "init=/old/init", "rd.luks.options=tpm2-device=auto": "TPM",
	} {
		mounts := append([]guest.Mount{{Device: "/dev/vg/root", Path: "/", FSType: "ext4"}}, guesttest.BootMounts[1:]...)
		e := edittest.New(t, edit.Guest{Mounts: mounts, FS: guesttest.New(t, files("/boot/efi/EFI/Linux/a.efi", guesttest.UnifiedImage(t, "root=UUID=root-uuid "+parameters)))})
		_, err := New(e, devname.New(layered, mounts), Start{Firmware: guest.FirmwareUEFI}).Require("")
		_, warnings := e.Take()
		if err != nil || warns == "" && len(warnings) > 0 || warns != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message, warns)) {
			t.Errorf("%s: %v, warnings %v, want %q", parameters, err, warnings, warns)
		}
	}
}
