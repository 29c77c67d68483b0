package testguest

// debian12LVMFilter has the drivers for virtio. What keeps it from starting there
// is LVM's own configuration, in its initramfs too: it looks at disks called
// /dev/sd* and at no others.
func debian12LVMFilter() Recipe {
	const scsiDisks = `[ "a|^/dev/sd[a-z]+[0-9]*$|", "r|.*|" ]`
	return Recipe{
		Name:        "debian12-bios-lvm-filter",
		Description: "Debian 12, BIOS, MBR, LVM with separate /boot, filter and global_filter of lvm.conf that take /dev/sd* alone",
		Bootstrap: Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
				"e2fsprogs", "lvm2", "open-vm-tools",
			},
			Commands: []string{
				"systemctl enable systemd-networkd",
				`sed -i -E '0,/^[[:space:]]*# filter = .*/s##\tfilter = ` + scsiDisks + `#' /etc/lvm/lvm.conf`,
				`sed -i -E '0,/^[[:space:]]*# global_filter = .*/s##\tglobal_filter = ` + scsiDisks + `#' /etc/lvm/lvm.conf`,
				`[ $(grep -c -P '^\t(global_)?filter = ' /etc/lvm/lvm.conf) = 2 ]`,
				"update-initramfs -u -k all",
			},
		},
		Firmware: BIOS,
		Layout: Layout{
			Disks: []Disk{{Name: "sda", SizeMiB: 3584, Table: MBR, Partitions: []Partition{
				{SizeMiB: 512, Use: UseLinux, Bootable: true},
				{Use: UseExtended},
				{Use: UseLVM, Logical: true},
			}}},
			Groups: []VolumeGroup{{Name: "san-vg", Devices: []string{"/dev/sda5"}, Volumes: []LogicalVolume{
				{Name: "root", SizeMiB: 2560},
				{Name: "swap"},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/mapper/san--vg-root", Type: "ext4", Mount: "/"},
				{Device: "/dev/sda1", Type: "ext4", Mount: "/boot", Source: SourceUUID},
				{Device: "/dev/mapper/san--vg-swap", Type: "swap"},
			},
		},
		Hostname: "db03",
		Files:    networkdStatic("192.0.2.21"),
		Boots:    StateInitramfsShell,
		Old:      PVSCSI,
	}
}
