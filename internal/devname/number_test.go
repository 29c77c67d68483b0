package devname

import "testing"

func TestNumbered(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"0802": "/dev/sda2", "802": "/dev/sda2", "8:2": "/dev/sda2", "0x811": "/dev/sdb1", "301": "/dev/hda1", "0341": "/dev/hdb1",
		"1601": "/dev/hdc1", "8:16": "/dev/sdb", "900": "/dev/md0", "fd01": "/dev/block/253:1", "259:3": "/dev/block/259:3", "202:1": "/dev/xvda1",
		"100": "", "0B00": "", "7:0": "", "ram0": "", "8": "", "/dev/sda1": "", "802x": "", "": "",
	} {
		got, ok := Numbered(spec)
		if got != want || ok != (want != "") {
			t.Errorf("Numbered(%q) = %q, %v, want %q", spec, got, ok, want)
		}
	}
}
