package testguest

// debian12Snapshot was set back to a snapshot once, as Timeshift does that: the
// system that ran before lies among the snapshots, whole and older than @, in a
// subvolume with a lower number.
func debian12Snapshot() Recipe {
	layout := Layout{
		Disks: []Disk{{Name: "sda", SizeMiB: 3584, Table: MBR, Partitions: []Partition{
			{SizeMiB: 3200, Use: UseLinux, Bootable: true},
			{Use: UseSwap},
		}}},
		Filesystems: []Filesystem{
			{Device: "/dev/sda1", Type: "btrfs", Subvolumes: []Subvolume{{Name: "@", Mount: "/"}, {Name: "@home", Mount: "/home"}}},
			{Device: "/dev/sda2", Type: "swap"},
		},
	}
	const snapshot = "/mnt/timeshift-btrfs/snapshots/2024-05-01_10-00-01"
	return Recipe{
		Name:        "debian12-bios-btrfs-snapshot",
		Description: "Debian 12, BIOS, MBR, btrfs subvolumes on /dev/sda1, an older system in a snapshot beside @",
		Bootstrap: Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
				"btrfs-progs", "ifupdown", "open-vm-tools",
			},
		},
		Firmware:     BIOS,
		Layout:       layout,
		Hostname:     "files02",
		GRUBDefaults: []string{"GRUB_DISABLE_LINUX_UUID=true"},
		Files:        ifupdownStatic("ens192", "192.0.2.24"),
		Commands: []string{
			"mount -o subvolid=5 " + layout.applianceDevice("/dev/sda1") + " /mnt",
			"mkdir -p " + snapshot,
			"mv /mnt/@ " + snapshot + "/@",
			"btrfs subvolume snapshot " + snapshot + "/@ /mnt/@",
			"rm /mnt/@" + setupPath,
			// What runs here is the older system from now on.
			"echo files01 > /etc/hostname",
			"sed -i s/192.0.2.24/192.0.2.124/ /etc/network/interfaces",
			"umount /mnt",
		},
		Boots: StateInitramfsShell,
		Old:   PVSCSI,
	}
}
