package guest

import (
	"errors"
	"slices"
	"testing"
)

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

func TestFindSystem(t *testing.T) {
	t.Parallel()
	devices := Devices{
		{Name: "/dev/sda1", FSType: "btrfs", UUID: "AAAA-1"},
		{Name: "/dev/sdb1", Disk: 1, FSType: "ext4", UUID: "bbbb-2"},
		{Name: "/dev/mapper/crypt1", GuestName: "/dev/mapper/root", FSType: "ext4", UUID: "cccc-3"},
	}
	systems := []OS{{Root: "btrfsvol:/dev/sda1/old"}, {Root: "btrfsvol:/dev/sda1/@"}, {Root: "/dev/sdb1"}, {Root: "/dev/mapper/crypt1"}}
	for name, want := range map[string]int{
		"btrfsvol:/dev/sda1/@": 1, "/dev/sdb1": 2, "UUID=BBBB-2": 2, "/dev/mapper/root": 3, "/dev/mapper/crypt1": 3, "UUID=cccc-3": 3,
		"/dev/sda1": -1, "UUID=aaaa-1": -1, "/dev/sdc1": -1, "UUID=": -1, "btrfsvol:/dev/sda1/new": -1,
	} {
		if got := FindSystem(systems, devices, name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// TestChooseStartedSystem has several systems that each could be the one: what the
// boot loader starts decides.
func TestChooseStartedSystem(t *testing.T) {
	t.Parallel()
	devices := Devices{
		{Name: "/dev/sda", Kind: KindDisk},
		{Name: "/dev/sda1", Kind: KindPartition, Partition: 1, FSType: "ext4", UUID: "boot"},
		{Name: "/dev/sda2", Kind: KindPartition, Partition: 2, FSType: "btrfs", UUID: "pool"},
		{Name: "/dev/sda3", Kind: KindPartition, Partition: 3, FSType: "ext4", UUID: "older"},
		{Name: "/dev/sda4", Kind: KindPartition, Partition: 4, FSType: "ext4", UUID: "newer"},
		{Name: "/dev/vg0/a", Kind: KindLV, FSType: "xfs", UUID: "lv-a"},
		{Name: "/dev/vg0/b", Kind: KindLV, FSType: "xfs", UUID: "lv-b"},
	}
	system := func(root, fstab string, id int64) OS {
		return OS{Root: root, Tables: ParseTables(fstab, ""), SubvolumeID: id}
	}
	older, newer := system("/dev/sda3", "UUID=older / ext4 x 0 1\n", 0), system("/dev/sda4", "UUID=newer / ext4 x 0 1\n", 0)
	a, b := system("/dev/vg0/a", "/dev/vg0/a / xfs x 0 0\n", 0), system("/dev/vg0/b", "/dev/mapper/vg0-b / xfs x 0 0\n", 0)
	byID := "UUID=pool / btrfs defaults,subvolid=300 0 0\n"
	plain := "UUID=pool / btrfs defaults 0 0\n"
	copyOf := func(subvolume string) OS { return system("btrfsvol:/dev/sda2/"+subvolume, plain, 0) }
	entry := func(body string) string { return "menuentry 'x' {\n " + body + "\n}\n" }
	for name, tt := range map[string]struct {
		systems []OS
		menus   []Menu
		want    int
	}{
		"subvolid alone":              {[]OS{system("btrfsvol:/dev/sda2/x", byID, 256), system("btrfsvol:/dev/sda2/y", byID, 300)}, nil, 1},
		"subvolid of the default one": {[]OS{system("btrfsvol:/dev/sda2/x", byID, 256), system("/dev/sda2", byID, 300)}, nil, 1},
		"the default one is another":  {[]OS{system("/dev/sda2", byID, 256), system("btrfsvol:/dev/sda2/y", byID, 300)}, nil, 1},
		"the default is the top, and fstab names @": {
			[]OS{system("/dev/sda2", "UUID=pool / btrfs subvol=@ 0 0\n", 5), system("btrfsvol:/dev/sda2/@", "UUID=pool / btrfs subvol=@ 0 0\n", 300)}, nil, 1,
		},
		"the default entry's root":           {[]OS{older, newer}, []Menu{{"/dev/sda1", "/grub/grub.cfg", entry("linux /k root=UUID=newer") + entry("linux /k root=UUID=older")}}, 1},
		"the second entry is the default":    {[]OS{older, newer}, []Menu{{"/dev/sda1", "/grub/grub.cfg", "set default=\"1\"\n" + entry("linux /k root=UUID=older") + entry("linux /k root=UUID=newer")}}, 1},
		"a volume of LVM":                    {[]OS{a, b}, []Menu{{"/dev/sda1", "/grub2/grub.cfg", entry("linux16 /k root=/dev/mapper/vg0-b ro rd.lvm.lv=vg0/b")}}, 1},
		"a loader entry":                     {[]OS{a, b}, []Menu{{"/dev/sda1", "/loader/entries/x.conf", "title x\nlinux /k\noptions root=/dev/vg0/b\n"}}, 1},
		"GRUB Legacy":                        {[]OS{older, newer}, []Menu{{"/dev/sda1", "/grub/menu.lst", "title x\n kernel /k root=/dev/sda4 ro\n"}}, 1},
		"Limine":                             {[]OS{older, newer}, []Menu{{"/dev/sda1", "/EFI/arch/limine.conf", "/Arch\n    protocol: linux\n    cmdline: root=UUID=newer rw\n"}}, 1},
		"rEFInd":                             {[]OS{older, newer}, []Menu{{"/dev/sda1", "/refind_linux.conf", "# \"x\" \"root=UUID=older\"\n\"Boot\" \"rw root=UUID=newer\"\n"}}, 1},
		"ELILO":                              {[]OS{older, newer}, []Menu{{"/dev/sda1", "/EFI/x/elilo.conf", "image=vmlinuz\n\tappend=\"ro root=/dev/sda4\"\n"}}, 1},
		"extlinux":                           {[]OS{older, newer}, []Menu{{"/dev/sda1", "/extlinux/extlinux.conf", "LABEL x\n KERNEL /k\n APPEND ro root=UUID=newer\n"}}, 1},
		"where the EFI partition's leads":    {[]OS{older, newer}, []Menu{{"/dev/sda3", "/boot/grub/grub.cfg", entry("linux /k root=UUID=older")}, {"/dev/sda4", "/boot/grub/grub.cfg", entry("linux /k root=UUID=newer")}, {"/dev/sda1", "/EFI/debian/grub.cfg", "search.fs_uuid newer root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n"}}, 1},
		"a subvolume by rootflags":           {[]OS{copyOf("a"), copyOf("b")}, []Menu{{"/dev/sda2", "/b/boot/grub/grub.cfg", entry("linux /k root=UUID=pool rootflags=subvol=b,x")}}, 1},
		"a subvolume by the kernel's path":   {[]OS{copyOf("a"), copyOf("b")}, []Menu{{"/dev/sda2", "/b/boot/grub/grub.cfg", entry("linux /b/boot/vmlinuz root=UUID=pool")}}, 1},
		"a subvolume by GRUB's prefix":       {[]OS{copyOf("a"), copyOf("b")}, []Menu{{"/dev/sda1", "/EFI/ubuntu/grub.cfg", "search.fs_uuid pool root\nset prefix=($root)'/b/boot/grub'\n"}}, 1},
		"started, with a name like a copy's": {[]OS{copyOf("new"), copyOf("old-disk")}, []Menu{{"/dev/sda2", "/old-disk/boot/grub/grub.cfg", entry("linux /k root=UUID=pool rootflags=subvol=/old-disk")}}, 1},
		"a menu for a disk that is gone":     {[]OS{older, newer}, []Menu{{"/dev/sda1", "/grub/grub.cfg", entry("linux /k root=UUID=gone")}}, 0},
		"fstab outweighs a mere mention":     {[]OS{system("/dev/sda3", "UUID=newer / ext4 x 0 1\n", 0), newer}, []Menu{{"/dev/sda1", "/grub/menu.lst", "title x\n kernel /k root=/dev/sda3 ro\n"}}, 1},
	} {
		if got := ChooseSystem(tt.systems, devices, 0, tt.menus...); got != tt.want {
			t.Errorf("%s: %d (%s), want %d", name, got, tt.systems[got].Root, tt.want)
		}
	}
}

func TestFindMenus(t *testing.T) {
	t.Parallel()
	tree := map[string][]string{
		"/": {"@", "@home", "grub2", "EFI", "loader", "refind_linux.conf"}, "/@": {"boot"}, "/@/boot": {"grub"}, "/@/boot/grub": {"grub.cfg"},
		"/grub2": {"grub.cfg", "grubenv"}, "/EFI": {"arch", "debian"}, "/EFI/debian": {"grub.cfg"}, "/EFI/arch": {"limine.conf", "limine.conf.bak"}, "/loader": {"entries"}, "/loader/entries": {"a.conf", "b.txt"},
	}
	read := func(name string) ([]byte, error) {
		if name == "/EFI/debian/grub.cfg" {
			return nil, errors.New("damaged")
		}
		return []byte(name), nil
	}
	list := func(name string) ([]string, error) {
		if names, ok := tree[name]; ok {
			return names, nil
		}
		return nil, errors.New("no directory")
	}
	got := []string{}
	for _, m := range FindMenus("/dev/sda1", list, read) {
		got = append(got, m.Device+m.Path)
	}
	if want := []string{
		"/dev/sda1/@/boot/grub/grub.cfg", "/dev/sda1/EFI/arch/limine.conf", "/dev/sda1/grub2/grub.cfg", "/dev/sda1/loader/entries/a.conf", "/dev/sda1/refind_linux.conf",
	}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// TestRootByOrder: what libguestfs calls by the name of the appliance's kernel is found
// by its UUID.
func TestRootByOrder(t *testing.T) {
	t.Parallel()
	devices := Devices{
		{Name: "/dev/sda1", FSType: "vfat", UUID: "ESP"},
		{Name: "/dev/sda2", FSType: "btrfs", UUID: "pool"},
		{Name: "/dev/sdb1", FSType: "btrfs", UUID: "pool"},
		{Name: "/dev/sdb2", FSType: "btrfs", UUID: "other"},
		{Name: "/dev/vg/root", FSType: "btrfs", UUID: "volume"},
	}
	for name, test := range map[string]struct{ root, uuid, want string }{
		"as it is":               {"btrfsvol:/dev/sda2/@", "pool", "btrfsvol:/dev/sda2/@"},
		"its second device":      {"btrfsvol:/dev/sdb1/@", "pool", "btrfsvol:/dev/sdb1/@"},
		"of another disk":        {"btrfsvol:/dev/sdb2/@", "pool", "btrfsvol:/dev/sda2/@"},
		"of a disk not there":    {"btrfsvol:/dev/sdc2/@/.snapshots/1/snapshot", "other", "btrfsvol:/dev/sdb2/@/.snapshots/1/snapshot"},
		"not told":               {"btrfsvol:/dev/sdc2/@", "", "btrfsvol:/dev/sdc2/@"},
		"unknown":                {"btrfsvol:/dev/sdc2/@", "stranger", "btrfsvol:/dev/sdc2/@"},
		"on a logical volume":    {"btrfsvol:/dev/vg/root/@", "pool", "btrfsvol:/dev/vg/root/@"},
		"no subvolume":           {"/dev/sdb2", "pool", "/dev/sdb2"},
		"what is no btrfs there": {"btrfsvol:/dev/sdb2/@", "ESP", "btrfsvol:/dev/sdb2/@"},
	} {
		if got := devices.RootByOrder(test.root, func(string) string { return test.uuid }); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
