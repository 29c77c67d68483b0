package testguest

// debian12RAIDDevices is mirrored as debian12RAID is, with the drivers for virtio
// in its initramfs. There mdadm is told to look at two partitions by name, and
// refuses every other one.
func debian12RAIDDevices() Recipe {
	const name = "debian12-bios-raid1-devices"
	array := Array{Device: "/dev/md0", Members: []string{"/dev/sda1", "/dev/sdb1"}}
	disk := func(device string) Disk {
		return Disk{Name: device, SizeMiB: 3072, Table: MBR, Partitions: []Partition{
			{SizeMiB: 2688, Use: UseRAID, Bootable: true},
			{Use: UseSwap},
		}}
	}
	return Recipe{
		Name:        name,
		Description: "Debian 12, BIOS, two MBR disks, ext4 on md RAID 1, mdadm.conf with DEVICE and devices= that name /dev/sda1 and /dev/sdb1",
		Bootstrap: Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
				"e2fsprogs", "mdadm", "ifupdown", "open-vm-tools",
			},
			// The ARRAY line is in the form of mdadm --detail --scan --verbose.
			Files: map[string]File{"/etc/mdadm/mdadm.conf": {Content: `HOMEHOST <system>
MAILADDR root
DEVICE /dev/sda1 /dev/sdb1
ARRAY /dev/md0 level=raid1 num-devices=2 metadata=1.2 UUID=` + mdUUID(name, array) + `
   devices=/dev/sda1,/dev/sdb1
`}},
			Commands: []string{"update-initramfs -u -k all"},
		},
		Firmware: BIOS,
		Layout: Layout{
			Disks:  []Disk{disk("sda"), disk("sdb")},
			Arrays: []Array{array},
			Filesystems: []Filesystem{
				{Device: "/dev/md0", Type: "ext4", Mount: "/"},
				{Device: "/dev/sda2", Type: "swap"},
				{Device: "/dev/sdb2", Type: "swap"},
			},
		},
		Hostname: "mirror02",
		Files:    ifupdownStatic("ens192", "192.0.2.23"),
		Boots:    StateInitramfsShell,
		Old:      PVSCSI,
	}
}
