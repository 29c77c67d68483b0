package guest

import (
	"errors"
	"strings"
	"testing"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		checker checker
		status  string
		report  string
		want    error
		says    string
	}{
		"sound": {checkExt, "0", "e2fsck 1.47.0 (5-Feb-2023)\nPass 1: Checking inodes, blocks, and sizes\n", nil, ""},
		"damaged": {
			checkExt, "4",
			"e2fsck 1.47.0 (5-Feb-2023)\nPass 1: Checking inodes, blocks, and sizes\nInode bitmap differences:  +2\nFix? no\n\n/dev/sda2: 12/16384 files\n",
			ErrDamaged, "it is damaged (e2fsck -f -n): Inode bitmap differences:  +2; /dev/sda2: 12/16384 files",
		},
		"many lines": {checkExt, "4", strings.Repeat("Inode 1 is odd\n", 50), ErrDamaged, "and 38 more lines"},
		"ext that cannot be read": {
			checkExt, "8", "e2fsck: Bad magic number in super-block", ErrNotChecked, "status 8: e2fsck: Bad magic number",
		},
		"no XFS tools": {checkXFS, "127", "sh: 1: xfs_repair: not found", ErrNotChecked, "xfs_repair: not found"},
		"damaged XFS": {
			checkXFS, "1", "Phase 1 - find and verify superblock...\n        - agno = 0\nbad CRC for inode 128\nNo modify flag set, skipping phase 5",
			ErrDamaged, "bad CRC for inode 128; No modify flag set",
		},
		"XFS too large for the appliance": {
			checkXFS, "1", "Memory available for repair (600MB) may not be sufficient.\nAt least 1200MB is needed", ErrNotChecked, "Memory available",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.checker.verdict(test.status, test.report)
			if !errors.Is(err, test.want) || test.want != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want one with %q", err, test.says)
			}
		})
	}
}

func TestHasUUIDAlone(t *testing.T) {
	t.Parallel()
	devices := Devices{{Name: "/dev/sda1", UUID: "1"}, {Name: "/dev/sda2", UUID: "2"}, {Name: "/dev/vg/snapshot", UUID: "2"}, {Name: "/dev/sda3"}}
	for n, want := range []bool{true, false, false, false} {
		if got := devices.hasUUIDAlone(devices[n]); got != want {
			t.Errorf("%s: %t", devices[n].Name, got)
		}
	}
}

func TestHibernation(t *testing.T) {
	t.Parallel()
	if area := (Devices{{Name: "/dev/sda5", FSType: "swap"}}).Hibernated(); area != "" {
		t.Errorf("%s is in use, not suspended", area)
	}
	if area := (Devices{{Name: "/dev/sda1", FSType: "ext4"}, {Name: "/dev/sda5", FSType: "swsuspend"}}).Hibernated(); area != "/dev/sda5" {
		t.Errorf("suspended to %q", area)
	}
	for mark, want := range map[string]bool{"S1SUSPEND": true, "ULSUSPEND": true, "SWAPSPACE": false, "": false} {
		if isSuspendMark([]byte(mark)) != want {
			t.Errorf("%q: %t", mark, !want)
		}
	}
	got := swapFiles(parseFstab("/swapfile none swap sw 0 0\n/dev/sda5 none swap sw 0 0\nUUID=1 none swap sw\n/var/swap swap swap defaults\n/a /b ext4 loop\n"))
	if strings.Join(got, " ") != "/swapfile /var/swap" {
		t.Errorf("swap files %q", got)
	}
}
