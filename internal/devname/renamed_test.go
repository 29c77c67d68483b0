package devname

import "testing"

func TestRenamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		was, is string
		want    bool
	}{
		{"root=/dev/sda1 ro quiet", "root=UUID=ab-c ro quiet", true},
		{"root=/dev/sda1 ro quiet", "root=UUID=ab-c rw quiet", false},
		{"root=/dev/sda1 ro quiet", "root=UUID=ab-c ro", false},
		{"root=/dev/sda1 ro", "root= ro", false},
		{"root=/dev/sda1 ro", "root=UUID= ro", false},
		{"root=/dev/sda1 ro", "root=tmpfs ro", false},
		{"root=UUID=a ro", "root=UUID=b ro", false},
		{"quiet", "quiet", true},
		{"quiet", "quiet splash", false},
		{"root=0802 ro", "root=UUID=ab ro", true},
		{"root=8:2 ro", "root=PARTUUID=ab-02 ro", true},
		{"vga=0x317 ro", "vga=0x318 ro", false},
		{"root=/dev/${disk}2 ro", "root=UUID=a ro", true},
		{"root=/dev/mapper/vg-root ro", "root=UUID=a ro", false},
		{"cryptdevice=/dev/sda2:root:allow-discards resume=/dev/sda3", "cryptdevice=UUID=a-b:root:allow-discards resume=/dev/disk/by-uuid/x", true},
		{"cryptdevice=/dev/sda2:root:allow-discards", "cryptdevice=UUID=a-b:home:allow-discards", false},
		{"What=/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0-part1", "What=/dev/disk/by-uuid/x", true},
		{"a\x1froot=/dev/sda1\x1fb", "a\x1froot=UUID=x\x1fb", true},
		{"a\x1froot=/dev/sda1\x1fb", "a\x1froot=UUID=x\x1fc", false},
		{"/dev/sda1 /dev/sda2", "UUID=x UUID=y", true},
		{"/dev/sda1 /dev/sda2", "UUID=x", false},
		{"root=/dev/sda1 vga=0x314 lvm=deb--vg", "root=UUID=x vga=0x314 lvm=deb--vg", true},
		{"root=/dev/sda1 resume=/dev/sdz1", "root=UUID=x resume=/dev/sdz1", true},
	} {
		if got := Renamed(test.was, test.is); got != test.want {
			t.Errorf("Renamed(%q, %q) = %v", test.was, test.is, got)
		}
	}
}
