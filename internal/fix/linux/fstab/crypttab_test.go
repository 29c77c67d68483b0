package fstab

import "testing"

func TestEditCrypttab(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mode, in, want string
		notes          int
	}{
		"luks":               {ModeStabilizeAll, "root /dev/sda4 none luks\n", "root UUID=luks-uuid none luks\n", 0},
		"two columns":        {ModeStabilizeAll, "root /dev/sda4\n", "root UUID=luks-uuid\n", 0},
		"random swap":        {ModeStabilizeAll, "cs /dev/sda3 /dev/urandom swap\n", "cs PARTUUID=part-0003 /dev/urandom swap\n", 0},
		"plain":              {ModeStabilizeAll, "x /dev/sda4 /key plain,cipher=aes\n", "x PARTUUID=part-0004 /key plain,cipher=aes\n", 0},
		"plain without name": {ModeStabilizeAll, "x /dev/sdb1 /key plain\n", "x /dev/sdb1 /key plain\n", 1},
		"stable":             {ModeStabilizeAll, "root UUID=luks-uuid none\n", "root UUID=luks-uuid none\n", 0},
		"mapper":             {ModeStabilizeAll, "root /dev/mapper/vg-x none\n", "root /dev/mapper/vg-x none\n", 0},
		"comment":            {ModeStabilizeAll, "# root /dev/sda4 none\n", "# root /dev/sda4 none\n", 0},
		"name like a device": {ModeStabilizeAll, "/dev/sda4 UUID=luks-uuid none\n", "/dev/sda4 UUID=luks-uuid none\n", 0},
		"missing disk":       {ModeStabilizeAll, "root /dev/sdz4 none\n", "root /dev/sdz4 none\n", 1},
		"bypath-only":        {ModeBypathOnly, "root /dev/sda4 none\n", "root /dev/sda4 none\n", 0},
		"noop":               {ModeNoop, "root /dev/disk/by-path/x-part4 none\n", "root /dev/disk/by-path/x-part4 none\n", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, notes := editCrypttab(tt.in, tt.mode, testNames)
			if got != tt.want || len(notes) != tt.notes {
				t.Errorf("got %q with notes %v, want %q with %d", got, notes, tt.want, tt.notes)
			}
		})
	}
}
