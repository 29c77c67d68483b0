package testguest

// debian12Btrfs has no fallback loader: its firmware's variables named the
// loader, and they stayed behind.
func debian12Btrfs() Recipe {
	root := Filesystem{Device: "/dev/sda2", Type: "btrfs", Subvolumes: []Subvolume{
		{Name: "@", Mount: "/"}, {Name: "@home", Mount: "/home"},
	}}
	return Recipe{
		Name:        "debian12-uefi-btrfs",
		Description: "Debian 12, UEFI without fallback loader, GPT, btrfs subvolumes on /dev/sda2, NetworkManager",
		Bootstrap: Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "initramfs-tools", "grub-efi-amd64",
				"btrfs-progs", "dosfstools", "network-manager", "open-vm-tools",
			},
		},
		Firmware: UEFI,
		Layout: Layout{
			Disks: []Disk{{Name: "sda", SizeMiB: 4096, Table: GPT, Partitions: []Partition{
				{SizeMiB: 128, Use: UseESP},
				{SizeMiB: 3456, Use: UseLinux},
				{Use: UseSwap},
			}}},
			Filesystems: []Filesystem{
				root,
				{Device: "/dev/sda1", Type: "vfat", Mount: "/boot/efi", Options: "umask=0077"},
				{Device: "/dev/sda3", Type: "swap"},
			},
		},
		Hostname:     "files01",
		GRUBDefaults: []string{"GRUB_DISABLE_LINUX_UUID=true"},
		Files:        networkManagerStatic("ens192", "192.0.2.15"),
		Boots:        StateNoBootDevice,
	}
}

// debian13SystemdBoot starts by entries of the Boot Loader Specification.
func debian13SystemdBoot() Recipe {
	return Recipe{
		Name:        "debian13-uefi-systemd-boot",
		Description: "Debian 13, UEFI, systemd-boot entries and /etc/kernel/cmdline with root=/dev/sda2",
		Bootstrap: Bootstrap{
			Suite: Trixie,
			Packages: []string{
				"linux-image-cloud-amd64", "initramfs-tools", "systemd-boot",
				"e2fsprogs", "dosfstools", "open-vm-tools",
			},
			Commands: []string{"systemctl enable systemd-networkd"},
		},
		Firmware: UEFI,
		Loader:   SystemdBoot,
		Layout: Layout{
			Disks: []Disk{{Name: "sda", SizeMiB: 3584, Table: GPT, Partitions: []Partition{
				{SizeMiB: 384, Use: UseESP},
				{Use: UseLinux},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/sda2", Type: "ext4", Mount: "/"},
				{Device: "/dev/sda1", Type: "vfat", Mount: "/boot/efi", Options: "umask=0077"},
			},
		},
		Hostname: "edge01",
		Files:    networkdStatic("192.0.2.16"),
		Boots:    StateInitramfsShell,
		Old:      SATA, // Debian's UEFI firmware has no driver for PVSCSI
	}
}
