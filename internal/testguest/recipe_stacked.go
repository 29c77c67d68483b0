package testguest

// debian12LVM has everything but /boot in LVM, with /usr and /var apart.
func debian12LVM() Recipe {
	return Recipe{
		Name:        "debian12-bios-lvm",
		Description: "Debian 12, BIOS, MBR, LVM with separate /boot, /usr and /var, MODULES=list without virtio, by-path names, LVM devices file",
		Bootstrap:   lvmBootstrap(),
		Firmware:    BIOS,
		Layout: Layout{
			Disks: []Disk{{Name: "sda", SizeMiB: 4096, Table: MBR, Partitions: []Partition{
				{SizeMiB: 512, Use: UseLinux, Bootable: true},
				{Use: UseExtended},
				{Use: UseLVM, Logical: true},
			}}},
			Groups: []VolumeGroup{{Name: "db-vg", Devices: []string{"/dev/sda5"}, Volumes: []LogicalVolume{
				{Name: "root", SizeMiB: 1024},
				{Name: "usr", SizeMiB: 1280},
				{Name: "var", SizeMiB: 768},
				{Name: "swap"},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/mapper/db--vg-root", Type: "ext4", Mount: "/"},
				{Device: "/dev/sda1", Type: "ext4", Mount: "/boot", Source: "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0-part1"},
				{Device: "/dev/mapper/db--vg-usr", Type: "ext4", Mount: "/usr"},
				{Device: "/dev/mapper/db--vg-var", Type: "ext4", Mount: "/var"},
				{Device: "/dev/mapper/db--vg-swap", Type: "swap"},
			},
		},
		Hostname:      "db01",
		KernelOptions: "resume=/dev/mapper/db--vg-swap",
		Files:         networkdStatic("192.0.2.12"),
		Commands: []string{
			// Last, because LVM in the appliance obeys it too.
			"mkdir -p /etc/lvm/devices",
			`printf '%s\n' '# LVM uses devices listed in this file.' 'VERSION=1.1.1' 'IDTYPE=sys_wwid IDNAME=naa.6000c29a1b2c3d4e5f60718293a4b5c6 DEVNAME=/dev/sda5 PVID=none PART=5' > /etc/lvm/devices/system.devices`,
			`printf 'devices {\n\tuse_devicesfile = 1\n}\n' > /etc/lvm/lvmlocal.conf`,
		},
		Boots: StateInitramfsShell,
		Old:   "", // the devices file names a disk that QEMU does not have
	}
}

// lvmBootstrap is shared by the guests whose volume group is db-vg.
func lvmBootstrap() Bootstrap {
	return withVMwareInitramfs(Bootstrap{
		Suite: Bookworm,
		Packages: []string{
			"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
			"e2fsprogs", "lvm2", "open-vm-tools",
		},
		Files: map[string]File{
			"/etc/initramfs-tools/conf.d/resume": {Content: "RESUME=/dev/mapper/db--vg-swap\n"},
		},
		Commands: []string{"systemctl enable systemd-networkd"},
	}, "list", "ext4", "dm_mod")
}

// debian12TwoDisks has its root in a volume over two disks, and starts from the
// second of them.
func debian12TwoDisks() Recipe {
	return Recipe{
		Name: "debian12-bios-two-disks",
		Description: "Debian 12, BIOS, two MBR disks, LVM root over both, /boot on /dev/sdb1 and GRUB on the second disk alone, " +
			"MODULES=list without virtio",
		Bootstrap: lvmBootstrap(),
		Firmware:  BIOS,
		Layout: Layout{
			Disks: []Disk{
				{Name: "sda", SizeMiB: 2048, Table: MBR, Partitions: []Partition{{Use: UseLVM}}},
				{Name: "sdb", SizeMiB: 2560, Table: MBR, Partitions: []Partition{
					{SizeMiB: 512, Use: UseLinux, Bootable: true},
					{Use: UseLVM},
				}},
			},
			Groups: []VolumeGroup{{Name: "db-vg", Devices: []string{"/dev/sda1", "/dev/sdb2"}, Volumes: []LogicalVolume{
				{Name: "root", SizeMiB: 3072}, // more than either disk has
				{Name: "swap"},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/mapper/db--vg-root", Type: "ext4", Mount: "/"},
				{Device: "/dev/sdb1", Type: "ext4", Mount: "/boot"},
				{Device: "/dev/mapper/db--vg-swap", Type: "swap"},
			},
		},
		Hostname: "db02",
		Files:    networkdStatic("192.0.2.19"),
		Boots:    StateInitramfsShell,
		Old:      "", // QEMU's machines start from the first disk
	}
}

// LUKSPassphrase opens the encrypted test guest.
const LUKSPassphrase = "correcthorsebatterystaple"

// debian12LUKS is what Debian's installer makes of "encrypted LVM".
func debian12LUKS() Recipe {
	const name = "debian12-bios-luks"
	return Recipe{
		Name:        name,
		Description: "Debian 12, BIOS, MBR, LVM on LUKS with crypttab on /dev/sda5, MODULES=list without virtio",
		Bootstrap: Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
				"e2fsprogs", "lvm2", "cryptsetup-initramfs", "ifupdown", "open-vm-tools",
			},
		},
		Firmware: BIOS,
		Layout: Layout{
			Disks: []Disk{{Name: "sda", SizeMiB: 4096, Table: MBR, Partitions: []Partition{
				{SizeMiB: 512, Use: UseLinux, Bootable: true},
				{Use: UseExtended},
				{Use: UseLVM, Logical: true},
			}}},
			Encrypted: []Encrypted{{Device: "/dev/sda5", Name: "sda5_crypt", Passphrase: LUKSPassphrase}},
			Groups: []VolumeGroup{{Name: "vault-vg", Devices: []string{"/dev/mapper/sda5_crypt"}, Volumes: []LogicalVolume{
				{Name: "root", SizeMiB: 2688},
				{Name: "swap"},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/mapper/vault--vg-root", Type: "ext4", Mount: "/"},
				{Device: "/dev/sda1", Type: "ext4", Mount: "/boot"},
				{Device: "/dev/mapper/vault--vg-swap", Type: "swap"},
			},
		},
		Hostname: "vault01",
		Files:    ifupdownStatic("ens192", "192.0.2.13"),
		Commands: inContainer(
			deriveUUID(name, "/dev/sda5"),
			vmwareInitramfs("list", "ext4", "dm_mod", "dm_crypt", "aes_generic", "cbc", "xts", "sha256_generic")),
		Boots: StateInitramfsShell,
		Old:   PVSCSI,
	}
}

// inContainer runs commands while crypttab names the container by UUID: the
// image that must open it can only be made in the appliance, where the disk has
// another name.
func inContainer(uuid string, commands []string) []string {
	all := []string{"cp -p /etc/crypttab /etc/crypttab.orig", "sed -i 's#/dev/sda5#UUID=" + uuid + "#' /etc/crypttab"}
	return append(append(all, commands...), "mv /etc/crypttab.orig /etc/crypttab")
}

// mirrored is a root file system on RAID 1 over two disks, with swap on each.
func mirrored() Layout {
	disk := func(device string) Disk {
		return Disk{Name: device, SizeMiB: 3072, Table: MBR, Partitions: []Partition{
			{SizeMiB: 2688, Use: UseRAID, Bootable: true},
			{Use: UseSwap},
		}}
	}
	return Layout{
		Disks:  []Disk{disk("sda"), disk("sdb")},
		Arrays: []Array{{Device: "/dev/md0", Members: []string{"/dev/sda1", "/dev/sdb1"}}},
		Filesystems: []Filesystem{
			{Device: "/dev/md0", Type: "ext4", Mount: "/"},
			{Device: "/dev/sda2", Type: "swap"},
			{Device: "/dev/sdb2", Type: "swap"},
		},
	}
}

// debian12RAID mirrors its root over two disks.
func debian12RAID() Recipe {
	layout := mirrored()
	const name = "debian12-bios-raid1"
	return Recipe{
		Name:        name,
		Description: "Debian 12, BIOS, two MBR disks, ext4 on md RAID 1, swap on /dev/sda2 and /dev/sdb2, initramfs without virtio",
		Bootstrap: withVMwareInitramfs(Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
				"e2fsprogs", "mdadm", "ifupdown", "open-vm-tools",
			},
			Files: map[string]File{"/etc/mdadm/mdadm.conf": {Content: `HOMEHOST <system>
MAILADDR root
ARRAY /dev/md0 metadata=1.2 UUID=` + mdUUID(name, layout.Arrays[0]) + "\n"}},
		}, "dep", "ext4", "md_mod", "raid1"),
		Firmware: BIOS,
		Layout:   layout,
		Hostname: "mirror01",
		Files:    ifupdownStatic("ens192", "192.0.2.14"),
		Boots:    StateInitramfsShell,
		Old:      PVSCSI,
	}
}
