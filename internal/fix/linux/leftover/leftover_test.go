package leftover

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file, text      string
		message, remedy string // what the one warning says; empty for none
	}{
		"a mount in rc.local":  {"/etc/rc.local", "#!/bin/sh\n# mount /dev/sda1\nmount /dev/sda2 /srv\n", "/etc/rc.local line 3: /dev/sda2", "/dev/disk/by-uuid/root-uuid"},
		"a service":            {"/etc/systemd/system/x.service", "[Service]\nExecStart=/sbin/fsck /dev/sda3\n", "line 2: /dev/sda3", "/dev/disk/by-uuid/swap-uuid"},
		"a drop-in":            {"/etc/systemd/system/a.service.d/b.conf", "[Unit]\nX=/dev/disk/by-id/scsi-1\n", "/dev/disk/by-id/scsi-1", "by-uuid"},
		"a udev rule, serial":  {"/etc/udev/rules.d/60-x.rules", `SUBSYSTEM=="block", ENV{ID_SERIAL}=="36000c29", SYMLINK+="data"`, "ENV{ID_SERIAL}", "ID_FS_UUID"},
		"a udev rule, name":    {"/etc/udev/rules.d/60-x.rules", `KERNEL=="sdb1", SYMLINK+="data"`, `KERNEL=="sdb1"`, "ID_FS_UUID"},
		"an automount map":     {"/etc/auto.misc", "d -fstype=ext4 :/dev/sdz1\n", "/dev/sdz1", "by-uuid"},
		"hdparm":               {"/etc/hdparm.conf", "/dev/sda2 {\n apm = 255\n}\n", "line 1", "root-uuid"},
		"a shell setting":      {"/etc/default/x", "DISK=\"/dev/sda2\"\n", "line 1", "root-uuid"},
		"a comment":            {"/etc/default/x", "A=1 # /dev/sda2\n; /dev/sda2\n", "", ""},
		"history":              {"/etc/default/x.dpkg-old", "DISK=/dev/sda2\n", "", ""},
		"a card's rule":        {"/etc/udev/rules.d/70-net.rules", `SUBSYSTEM=="net", KERNEL=="eth*", RUN+="/sbin/ethtool -s %k wol d"`, "", ""},
		"a rule for all disks": {"/etc/udev/rules.d/60-x.rules", `KERNEL=="sd*", ATTR{queue/scheduler}="none"`, "", ""},
		"a stable name":        {"/etc/rc.local", "mount /dev/disk/by-uuid/x /srv; mount /dev/mapper/vg-a /a\n", "", ""},
	} {
		e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{tt.file: tt.text}), Mounts: guesttest.Mounts})
		if err := Find(e.Reader, devname.New(guesttest.Devices, guesttest.Mounts), network.Kept{ByKernel: true}); err != nil {
			t.Fatal(err)
		}
		changes, warnings := e.Take()
		switch {
		case len(changes) > 0:
			t.Errorf("%s: changes = %v", name, changes)
		case tt.message == "" && len(warnings) > 0, tt.message != "" && len(warnings) != 1:
			t.Errorf("%s: warnings = %v", name, warnings)
		case len(warnings) == 1 && (!strings.Contains(warnings[0].Message, tt.message) || !strings.Contains(warnings[0].Remedy, tt.remedy)):
			t.Errorf("%s: warning = %v", name, warnings[0])
		}
	}
}
