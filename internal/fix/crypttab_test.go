package fix

import "testing"

func TestEditCrypttab(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mode, in, want string
		notes          int
	}{
		"luks":               {FstabStabilizeAll, "root /dev/sda4 none luks\n", "root UUID=luks-uuid none luks\n", 0},
		"two columns":        {FstabStabilizeAll, "root /dev/sda4\n", "root UUID=luks-uuid\n", 0},
		"random swap":        {FstabStabilizeAll, "cs /dev/sda3 /dev/urandom swap\n", "cs PARTUUID=part-0003 /dev/urandom swap\n", 0},
		"plain":              {FstabStabilizeAll, "x /dev/sda4 /key plain,cipher=aes\n", "x PARTUUID=part-0004 /key plain,cipher=aes\n", 0},
		"plain without name": {FstabStabilizeAll, "x /dev/sdb1 /key plain\n", "x /dev/sdb1 /key plain\n", 1},
		"stable":             {FstabStabilizeAll, "root UUID=luks-uuid none\n", "root UUID=luks-uuid none\n", 0},
		"mapper":             {FstabStabilizeAll, "root /dev/mapper/vg-x none\n", "root /dev/mapper/vg-x none\n", 0},
		"comment":            {FstabStabilizeAll, "# root /dev/sda4 none\n", "# root /dev/sda4 none\n", 0},
		"name like a device": {FstabStabilizeAll, "/dev/sda4 UUID=luks-uuid none\n", "/dev/sda4 UUID=luks-uuid none\n", 0},
		"missing disk":       {FstabStabilizeAll, "root /dev/sdz4 none\n", "root /dev/sdz4 none\n", 1},
		"bypath-only":        {FstabBypathOnly, "root /dev/sda4 none\n", "root /dev/sda4 none\n", 0},
		"noop":               {FstabNoop, "root /dev/disk/by-path/x-part4 none\n", "root /dev/disk/by-path/x-part4 none\n", 0},
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
