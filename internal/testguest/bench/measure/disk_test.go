package measure

import (
	"strings"
	"testing"
)

func TestTheScriptOfALargerDisk(t *testing.T) {
	d := disk{virtual: 12 * gib, live: guestLive + 2*dataFile + 5}
	got := d.script("/room/disk.raw", "/room/data.raw")
	for _, line := range []string{
		`add-drive "/room/data.raw" format:raw readonly:true`,
		"part-add /dev/sda p 6291456 25165823",
		"copy-device-to-file /dev/sdb /srv/data-001 srcoffset:67108864 size:67108864",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("%q is not in\n%s", line, got)
		}
	}
	if n := strings.Count(got, "copy-device-to-file"); n != 2 {
		t.Errorf("%d files are copied, want 2", n)
	}
}

func TestADiskWithoutAddedData(t *testing.T) {
	if got := (disk{virtual: 50 * gib, live: guestLive}).script("a", "b"); strings.Contains(got, "sdb") {
		t.Errorf("a disk without data is used:\n%s", got)
	}
	if got := (disk{virtual: 3 * gib, live: guestLive}).script("a", "b"); got != "" {
		t.Errorf("the guest as it is needs no script:\n%s", got)
	}
}
