package guest

import "testing"

func TestChooseSystem(t *testing.T) {
	t.Parallel()
	devices := Devices{
		{Name: "/dev/sda", Kind: KindDisk},
		{Name: "/dev/sda1", Kind: KindPartition, Partition: 1, FSType: "btrfs", UUID: "pool"},
		{Name: "/dev/sdb", Kind: KindDisk, Disk: 1},
		{Name: "/dev/sdb1", Kind: KindPartition, Disk: 1, Partition: 1, FSType: "ext4", UUID: "other"},
		{Name: "/dev/vg0/root", Kind: KindLV, FSType: "btrfs", UUID: "lv"},
	}
	system := func(root, fstab string) OS { return OS{Root: root, Tables: ParseTables(fstab, "")} }
	const at = "UUID=pool / btrfs defaults,subvol=@ 0 1\n"
	for name, tt := range map[string]struct {
		systems []OS
		boot    int
		want    int
	}{
		"restored beside an older snapshot": {[]OS{
			system("btrfsvol:/dev/sda1/timeshift-btrfs/snapshots/2024-01-01_10-00-00/@", at), system("btrfsvol:/dev/sda1/@", "/dev/sda1 / btrfs subvol=/@ 0 1\n"),
		}, 0, 1},
		"snapshot first by name only": {[]OS{system("btrfsvol:/dev/sda1/a/snap", at), system("btrfsvol:/dev/sda1/@", at)}, 0, 1},
		"snapper, no subvol in fstab": {[]OS{
			system("btrfsvol:/dev/sda1/@/.snapshots/9/snapshot", "UUID=pool / btrfs defaults 0 0\n"), system("btrfsvol:/dev/sda1/@", "UUID=pool / btrfs defaults 0 0\n"),
		}, 0, 1},
		"default subvolume":         {[]OS{system("btrfsvol:/dev/sda1/@/.snapshots/1/snapshot", "UUID=pool / btrfs defaults 0 0\n"), system("/dev/sda1", "UUID=pool / btrfs defaults 0 0\n")}, 0, 1},
		"only a snapshot":           {[]OS{system("btrfsvol:/dev/sda1/@/.snapshots/1/snapshot", "UUID=pool / btrfs defaults 0 0\n")}, 0, 0},
		"a copy on a second disk":   {[]OS{system("/dev/sdb1", "UUID=pool / btrfs defaults 0 0\n"), system("/dev/sda1", "UUID=pool / btrfs defaults 0 0\n")}, 1, 1},
		"two, by the boot disk":     {[]OS{system("/dev/sda1", "UUID=pool / btrfs x 0 0\n"), system("/dev/sdb1", "UUID=other / ext4 x 0 0\n")}, 1, 1},
		"no fstab, the boot disk":   {[]OS{system("/dev/sda1", ""), system("/dev/sdb1", "")}, 1, 1},
		"btrfs on a volume of LVM":  {[]OS{system("btrfsvol:/dev/vg0/root/old/@", "/dev/vg0/root / btrfs subvol=@ 0 0\n"), system("btrfsvol:/dev/vg0/root/@", "/dev/vg0/root / btrfs subvol=@ 0 0\n")}, 0, 1},
		"first where nothing tells": {[]OS{system("/dev/sda1", ""), system("/dev/sda1", "")}, 0, 0},
	} {
		if got := ChooseSystem(tt.systems, devices, tt.boot); got != tt.want {
			t.Errorf("%s: %d (%s), want %d", name, got, tt.systems[got].Root, tt.want)
		}
	}
}
