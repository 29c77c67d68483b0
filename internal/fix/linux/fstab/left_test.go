package fstab

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const switched = "set the switch"

// TestTellLeft: what a mode leaves and the new machine does not find is told, unless the
// guest does without it, or its name holds on the new machine.
func TestTellLeft(t *testing.T) {
	t.Parallel()
	both, noop := []string{ModeNoop, ModeBypathOnly}, []string{ModeNoop}
	const byPath = "/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part2"
	devices := guesttest.Devices[:5]
	for _, tt := range []struct {
		file, line string
		bus        string
		modes      []string
		id         report.ConcernID // "" where nothing is told
		remedy     string
	}{
		{fstabPath, "/dev/sda2 / ext4 defaults 0 1", "virtio", both, report.ConcernFstabDevice, "set the switch, which writes UUID=root-uuid in its place"},
		{fstabPath, "/dev/sda2 / ext4 defaults 0 1", "sata", both, "", ""},
		{fstabPath, "/dev/sda2 / ext4 defaults 0 1", "scsi", both, "", ""},
		{fstabPath, "/dev/sda2 / ext4 defaults 0 1", "", both, report.ConcernFstabDevice, switched},
		{fstabPath, "/dev/vda2 / ext4 defaults 0 1", "virtio", both, "", ""},
		{fstabPath, "/dev/vda2 / ext4 defaults 0 1", "sata", both, report.ConcernFstabDevice, switched},
		{fstabPath, "/dev/sda1 /boot/efi vfat defaults 0 2", "virtio", both, report.ConcernFstabDevice, "emergency mode"},
		{fstabPath, "/dev/sda1 /boot/efi vfat nofail 0 2", "virtio", both, "", ""},
		{fstabPath, "/dev/sda1 /boot/efi vfat noauto 0 2", "virtio", both, "", ""},
		{fstabPath, "/dev/sda3 none swap sw 0 0", "virtio", both, report.ConcernFstabDevice, "waits for the device"},
		{fstabPath, "/dev/sdz1 /srv ext4 defaults 0 2", "sata", both, report.ConcernFstabDevice, "migrate the disk"},
		{fstabPath, "/dev/sdz1 /srv ext4 nofail 0 2", "sata", both, "", ""},
		{fstabPath, "/dev/sda1 /srv ext4 defaults 0 2", "sata", both, report.ConcernFstabDevice, "migrate the disk"}, // which it is not
		{fstabPath, "/dev/nvme0n1p2 /srv ext4 defaults 0 2", "sata", both, report.ConcernFstabDevice, "UUID=root-uuid"},
		{fstabPath, byPath + " /srv ext4 defaults 0 2", "sata", noop, report.ConcernFstabDevice, "UUID=root-uuid"},
		{fstabPath, "btrfsvol:/dev/sda2/@x /srv ext4 defaults 0 2", "sata", noop, report.ConcernFstabDevice, "UUID=root-uuid"},
		{fstabPath, "UUID=gone /srv ext4 defaults 0 2", "sata", noop, report.ConcernFstabDevice, "migrate the disk"},
		{fstabPath, "UUID=root-uuid / ext4 defaults 0 1", "virtio", both, "", ""},
		{fstabPath, "/dev/sr0 /media iso9660 ro 0 0", "virtio", both, report.ConcernFstabDrive, "nofail"},
		{fstabPath, "/dev/sr0 /media iso9660 ro,noauto 0 0", "virtio", both, "", ""},
		{fstabPath, ".host:/ /mnt/hgfs fuse.vmhgfs-fuse defaults 0 0", "virtio", both, report.ConcernFstabShared, switched},
		{fstabPath, ".host:/ /mnt/hgfs fuse.vmhgfs-fuse nofail 0 0", "virtio", both, "", ""},
		{fstabPath, "UUID=root-uuid / xfs logdev=/dev/sda3 0 1", "virtio", both, report.ConcernFstabDevice, "logdev=/dev/disk/by-uuid/swap-uuid"},
		{fstabPath, "UUID=root-uuid / xfs logdev=/dev/sda3 0 1", "sata", both, "", ""},
		{fstabPath, "UUID=root-uuid / ext4 x-systemd.after=dev-sda3.device 0 1", "virtio", both, report.ConcernFstabDevice, "remove the option"},
		{fstabPath, "UUID=root-uuid / ext4 x-systemd.after=dev-sda3.device 0 1", "sata", both, "", ""},
		{fstabPath, "/dev/sda2 /home none bind 0 0", "virtio", both, "", ""},
		{"/etc/crypttab", "c /dev/sda4 none luks", "virtio", both, report.ConcernCrypttabDevice, "UUID=luks-uuid"},
		{"/etc/crypttab", "c /dev/sda4 none luks", "sata", both, "", ""},
		{"/etc/crypttab", "c /dev/sda4 none luks,nofail", "virtio", both, "", ""},
		{"/etc/crypttab", "c /dev/sda4 none luks,noauto", "virtio", both, "", ""},
		{"/etc/crypttab", "c /dev/sdz1 none luks", "sata", both, report.ConcernCrypttabDevice, "by UUID"},
		{"/etc/crypttab", "c UUID=luks-uuid /key:/dev/sdz1 luks", "sata", noop, report.ConcernCrypttabKey, "by UUID"},
		{"/etc/crypttab", "c UUID=luks-uuid /key:/dev/sda1 luks", "sata", both, "", ""},
		{"/etc/crypttab.initramfs", "c /dev/sda4 none luks", "virtio", both, report.ConcernCrypttabDevice, "UUID=luks-uuid"},
		{"/etc/crypttab", "c UUID=luks-uuid none luks", "virtio", both, "", ""},
	} {
		for _, mode := range []string{ModeNoop, ModeBypathOnly, ModeStabilizeAll} {
			names := devname.New(devices, guesttest.Mounts)
			if strings.Contains(tt.line, "gone") {
				names.Devices = names.Devices[:4] // below what is locked nobody knows
			}
			e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{tt.file: "# first\n" + tt.line + "\n"}), Mounts: guesttest.Mounts})
			if err := errors.Join(Fix(e, names, mode), FixCrypttab(e, names, mode)); err != nil {
				t.Fatal(err)
			}
			e.Take()
			before, _ := e.ReadFile(tt.file)
			if err := TellLeft(e, names.On(tt.bus), mode, switched); err != nil {
				t.Fatal(err)
			}
			_, warnings := e.Take()
			want := tt.id
			if mode == ModeStabilizeAll || mode == ModeBypathOnly && len(tt.modes) == 1 {
				want = ""
			}
			switch {
			case want == "" && len(warnings) == 0:
			case want == "" || len(warnings) != 1 || warnings[0].ID != want || !strings.HasPrefix(warnings[0].Message, tt.file+" line 2: ") || !strings.Contains(warnings[0].Remedy, tt.remedy):
				t.Errorf("%s on %q, %s: %+v, want %q", tt.line, tt.bus, mode, warnings, want)
			}
			if text, err := e.ReadFile(tt.file); err != nil || string(text) != string(before) {
				t.Errorf("%s was changed: %s, %v", tt.line, text, err)
			}
		}
	}
}

// TestLeftIsToldOnce: what the mode tells when it edits is not told again.
func TestLeftIsToldOnce(t *testing.T) {
	t.Parallel()
	const lines = "/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:9:0-part1 /a ext4 defaults 0 2\n/dev/sdz1 /b ext4 defaults 0 2\n"
	names := devname.New(guesttest.Devices, guesttest.Mounts)
	e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{fstabPath: lines}), Mounts: guesttest.Mounts})
	if err := Fix(e, names, ModeBypathOnly); err != nil {
		t.Fatal(err)
	}
	if _, warnings := e.Take(); len(warnings) != 1 || !strings.Contains(warnings[0].Message, "line 1") {
		t.Errorf("told when it was edited: %v", warnings)
	}
	if err := TellLeft(e, names.On("sata"), ModeBypathOnly, switched); err != nil {
		t.Fatal(err)
	}
	if _, warnings := e.Take(); len(warnings) != 1 || !strings.Contains(warnings[0].Message, "line 2") {
		t.Errorf("told of what is left: %v", warnings)
	}
}
