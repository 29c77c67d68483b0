package appliance

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
