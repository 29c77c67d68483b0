package guest

import "testing"

// twoDisks is a BIOS guest: /boot, swap and a volume group on the first disk,
// a vfat data partition and an array member on the second.
var twoDisks = Devices{
	{Name: "/dev/sda", Kind: KindDisk, Disk: 0},
	{
		Name: "/dev/sda1", Kind: KindPartition, Disk: 0, Partition: 1, FSType: "ext4",
		UUID: "11111111-aaaa-4bbb-8ccc-222222222222", Label: "boot disk", PartUUID: "deadbeef-01",
	},
	{Name: "/dev/sda2", Kind: KindPartition, Disk: 0, Partition: 2, FSType: "LVM2_member", UUID: "pv-uuid", PartUUID: "deadbeef-02"},
	{Name: "/dev/sda5", Kind: KindPartition, Disk: 0, Partition: 5, FSType: "crypto_LUKS", UUID: "5555-luks", PartUUID: "deadbeef-05"},
	{Name: "/dev/sdb", Kind: KindDisk, Disk: 1},
	{
		Name: "/dev/sdb2", Kind: KindPartition, Disk: 1, Partition: 2, FSType: "vfat",
		UUID: "ABCD-1234", PartUUID: "0fc63daf-8483-4772-8e79-3d69d8477de4", PartLabel: "EFI System",
	},
	{Name: "/dev/sdb3", Kind: KindPartition, Disk: 1, Partition: 3, FSType: "linux_raid_member", UUID: "array-uuid", Label: "web1:0"},
	{Name: "/dev/md127", Kind: KindMD, Disk: -1, FSType: "xfs", UUID: "9999-md", GuestName: "/dev/md0"},
	{Name: "/dev/md126", Kind: KindMD, Disk: -1, FSType: "xfs", GuestName: "/dev/md/data"},
	{Name: "/dev/my-vg/ro_ot", Kind: KindLV, Disk: -1, FSType: "ext4", UUID: "aaaa-lv"},
	{Name: "/dev/vg0/swap-1", Kind: KindLV, Disk: -1, FSType: "swap"},
	{Name: "/dev/mapper/luks-5555", Kind: KindCrypt, Disk: 0, FSType: "ext4", GuestName: "/dev/mapper/sda5_crypt", Parent: "/dev/sda5"},
}

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		// Tags.
		"UUID=11111111-aaaa-4bbb-8ccc-222222222222":   "/dev/sda1",
		`UUID="11111111-AAAA-4bbb-8ccc-222222222222"`: "/dev/sda1",
		`"UUID=11111111-aaaa-4bbb-8ccc-222222222222"`: "/dev/sda1",
		"UUID=abcd-1234":         "/dev/sdb2",
		"UUID=5555-luks":         "/dev/sda5",
		`LABEL="boot disk"`:      "/dev/sda1",
		"LABEL='boot disk'":      "/dev/sda1",
		"LABEL=Boot disk":        "",
		"PARTUUID=DEADBEEF-02":   "/dev/sda2",
		`PARTLABEL="EFI System"`: "/dev/sdb2",
		"UUID=":                  "",
		"UUID=pv-uuid":           "", // members are not found by their own identity
		"UUID=array-uuid":        "",
		"LABEL=web1:0":           "",
		"ID=sda1":                "",
		// Links.
		"/dev/disk/by-uuid/ABCD-1234":           "/dev/sdb2",
		`/dev/disk/by-label/boot\x20disk`:       "/dev/sda1",
		"/dev/disk/by-partuuid/deadbeef-01":     "/dev/sda1",
		`/dev/disk/by-partlabel/EFI\x20System`:  "/dev/sdb2",
		"/dev/disk/by-uuid/":                    "",
		"/dev/disk/by-id/dm-name-my--vg-ro_ot":  "/dev/my-vg/ro_ot",
		"/dev/disk/by-id/dm-name-sda5_crypt":    "/dev/mapper/luks-5555",
		"/dev/disk/by-id/dm-uuid-LVM-abc":       "",
		"/dev/disk/by-id/md-name-web1:0":        "/dev/md127",
		"/dev/disk/by-path/pci-0000:00-part1":   "", // which of the two disks?
		"/dev/disk/by-id/ata-VMware_0001-part1": "",
		// The old machine's names.
		"/dev/sda1":      "/dev/sda1",
		"/dev/hda2":      "/dev/sda2",
		"/dev/xvdb2":     "/dev/sdb2",
		"/dev/vdb":       "/dev/sdb",
		"/dev/nvme0n1p5": "/dev/sda5",
		"/dev/nvme1n1p2": "/dev/sdb2",
		"/dev/nvme0n2p2": "/dev/sdb2",
		"/dev/nvme0n1":   "/dev/sda",
		"/dev/mmcblk0p1": "/dev/sda1",
		"/dev/mmcblk1":   "/dev/sdb",
		"/dev/sda9":      "",
		"/dev/sdc1":      "",
		"/dev/sdaa1":     "",
		"/dev/sda0":      "",
		"/dev/sr0":       "",
		// LVM, device-mapper and md.
		"/dev/my-vg/ro_ot":          "/dev/my-vg/ro_ot",
		"/dev/mapper/my--vg-ro_ot":  "/dev/my-vg/ro_ot",
		"/dev/mapper/my-vg-ro_ot":   "",
		"/dev/mapper/vg0-swap--1":   "/dev/vg0/swap-1",
		"/dev/mapper/sda5_crypt":    "/dev/mapper/luks-5555",
		"/dev/mapper/luks-5555":     "/dev/mapper/luks-5555",
		"/dev/md0":                  "/dev/md127",
		"/dev/md/0":                 "/dev/md127",
		"/dev/md/data":              "/dev/md126",
		"/dev/md127":                "/dev/md127",
		"/dev/md1":                  "",
		"/dev/dm-0":                 "",
		"/dev/none/lv":              "",
		"/dev/":                     "",
		"":                          "",
		"proc":                      "",
		"server:/export":            "",
		"//server/share":            "",
		"/swapfile":                 "",
		"tmpfs":                     "",
		" /dev/sda1 ":               "/dev/sda1",
		"/dev/mapper/":              "",
		"/dev/disk/by-nothing/sda1": "",
	}
	for spec, want := range tests {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			got, ok := twoDisks.Resolve(spec)
			if got.Name != want || ok != (want != "") {
				t.Errorf("Resolve(%q) = %q, %t; want %q", spec, got.Name, ok, want)
			}
		})
	}
}

func TestResolveHardwareNamesOfSingleDisk(t *testing.T) {
	t.Parallel()
	single := Devices{
		{Name: "/dev/sda", Kind: KindDisk},
		{Name: "/dev/sda1", Kind: KindPartition, Partition: 1},
		{Name: "/dev/vg/root", Kind: KindLV, Disk: -1},
	}
	tests := map[string]string{
		"/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0-part1": "/dev/sda1",
		"/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0":       "/dev/sda",
		"/dev/disk/by-id/scsi-36000c29-part1":                   "/dev/sda1",
		"/dev/disk/by-id/scsi-36000c29-part2":                   "",
		"/dev/disk/by-id/lvm-pv-uuid-abc":                       "",
	}
	for spec, want := range tests {
		if got, ok := single.Resolve(spec); got.Name != want || ok != (want != "") {
			t.Errorf("Resolve(%q) = %q, %t; want %q", spec, got.Name, ok, want)
		}
	}
}

func TestStableName(t *testing.T) {
	t.Parallel()
	all := Device{UUID: "u", PartUUID: "p", Label: "l", PartLabel: "pl"}
	member := all
	member.FSType = "LVM2_member"
	tests := map[string]struct {
		device Device
		prefer []Tag
		want   string
	}{
		"uuid first":        {device: all, want: "UUID=u"},
		"then partuuid":     {device: Device{PartUUID: "p", Label: "l"}, want: "PARTUUID=p"},
		"then label":        {device: Device{Label: "a b", PartLabel: "pl"}, want: "LABEL=a b"},
		"then partlabel":    {device: Device{PartLabel: "pl"}, want: "PARTLABEL=pl"},
		"none":              {device: Device{Name: "/dev/sda"}, want: ""},
		"preferred":         {device: all, prefer: []Tag{TagLabel, TagUUID}, want: "LABEL=l"},
		"only preferred":    {device: Device{UUID: "u"}, prefer: []Tag{TagPartUUID}, want: ""},
		"member of a group": {device: member, want: "PARTUUID=p"},
	}
	for name, test := range tests {
		if got := test.device.StableName(test.prefer...); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
