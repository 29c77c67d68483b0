package guest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWanted(t *testing.T) {
	t.Parallel()
	tables := ParseTables(`# x
UUID=1 / ext4 defaults 0 1
LABEL=data /srv/my\040data/ xfs,ext4 nofail,noatime 0 2
/dev/vg/home /home ext4 nobootwait 0 2
/srv /mnt none rbind 0 0
tmpfs /tmp tmpfs size=1g 0 0
UUID=2 /later ext4 noauto 0 2
UUID=3 /asked ext4 x-systemd.automount 0 2
UUID=4 /net ext4 _netdev 0 2
nas:/v /nas nfs defaults 0 0
proc /proc proc defaults 0 0
/dev/cdrom /cd auto defaults 0 0
UUID=5 none swap sw 0 0
/swapfile swap swap defaults 0 0
UUID=6 none swap noauto 0 0
`, "")
	want := []WantedMount{
		{Path: "/", Spec: "UUID=1", Type: "ext4"}, {Path: "/srv/my data", Spec: "LABEL=data", Type: "xfs,ext4", NoFail: true},
		{Path: "/home", Spec: "/dev/vg/home", Type: "ext4", NoFail: true}, {Path: "/mnt", Spec: "/srv", Type: "none"}, {Path: "/tmp", Spec: "tmpfs", Type: "tmpfs"},
	}
	if diff := cmp.Diff(want, tables.WantedMounts()); diff != "" {
		t.Errorf("mounts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"UUID=5", "/swapfile"}, tables.WantedSwaps()); diff != "" {
		t.Errorf("swap (-want +got):\n%s", diff)
	}
}
