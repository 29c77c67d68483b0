package boot

import (
	"strings"
	"testing"
)

func TestNoRoom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		machine Machine
		says    string
	}{
		"four disks on IDE": {Machine{Disks: make([]Disk, 4), Bus: IDE}, ""},
		"five disks on IDE": {Machine{Disks: make([]Disk, 5), Bus: IDE}, "it has 5 disks, and IDE has room for 4"},
		// A display, random numbers and ports take three slots.
		"all slots taken":    {Machine{Disks: make([]Disk, 26)}, ""},
		"a disk too many":    {Machine{Disks: make([]Disk, 27)}, "its disks, network cards and other devices take 31 slots"},
		"a probe, too":       {Machine{Disks: make([]Disk, 26), Probe: true}, "its disks, network cards and other devices take 31 slots"},
		"cards, too":         {Machine{Disks: make([]Disk, 24), NICs: make([]NIC, 4)}, "its disks, network cards and other devices take 31 slots"},
		"one for a bus":      {Machine{Disks: make([]Disk, 60), Bus: VirtioSCSI}, ""},
		"one for six disks":  {Machine{Disks: make([]Disk, 60), Bus: SATA}, ""},
		"no such controller": {Machine{Disks: make([]Disk, 1), Bus: "floppy"}, ""},
	} {
		if got := test.machine.NoRoom(); !strings.HasPrefix(got, test.says) || (got == "") != (test.says == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
