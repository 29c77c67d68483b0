package testguest

// debian13Dracut has an initramfs for its old NVMe disk alone, and compressed
// modules.
func debian13Dracut() Recipe {
	return Recipe{
		Name:        "debian13-gpt-xfs-dracut",
		Description: "Debian 13, BIOS with BIOS boot partition on GPT, separate /boot, xfs on /dev/nvme0n1p3, hostonly dracut without virtio, modules in `.ko.xz`, netplan",
		Bootstrap: Bootstrap{
			Suite: Trixie,
			Packages: []string{
				"linux-image-cloud-amd64", "dracut", "grub-pc",
				"e2fsprogs", "xfsprogs", "netplan.io", "open-vm-tools",
			},
			Commands: append([]string{"systemctl enable systemd-networkd", "ls " + virtioModule + ".xz"},
				vmwareDracut("nvme xfs", "xfs", "")...),
		},
		Firmware: BIOS,
		Layout: Layout{
			Disks: []Disk{{Name: "nvme0n1", SizeMiB: 4096, Table: GPT, Partitions: []Partition{
				{SizeMiB: 2, Use: UseBIOSBoot},
				{SizeMiB: 512, Use: UseLinux},
				{Use: UseLinux},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/nvme0n1p3", Type: "xfs", Mount: "/"},
				{Device: "/dev/nvme0n1p2", Type: "ext4", Mount: "/boot"},
			},
		},
		Hostname:     "app01",
		GRUBDefaults: []string{"GRUB_DISABLE_LINUX_UUID=true"},
		Files:        netplanStatic("ens192", "192.0.2.17"),
		Boots:        StateDeviceWait,
		Old:          NVMe,
	}
}

// debian12DracutResume finds its root, but its initramfs waits for the swap
// partition of the old machine first.
func debian12DracutResume() Recipe {
	return Recipe{
		Name:        "debian12-bios-dracut-resume",
		Description: "Debian 12, BIOS, MBR, ext4 by UUID, dracut image without virtio and with resume=/dev/sda2 built in",
		Bootstrap: Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "dracut", "grub-pc", "e2fsprogs", "ifupdown", "open-vm-tools",
			},
			Commands: vmwareDracut("vmw_pvscsi sd_mod ext4", "ext4", `'kernel_cmdline="resume=/dev/sda2"'`),
		},
		Firmware: BIOS,
		Layout: Layout{
			Disks: []Disk{{Name: "sda", SizeMiB: 3072, Table: MBR, Partitions: []Partition{
				{SizeMiB: 2688, Use: UseLinux, Bootable: true},
				{Use: UseSwap},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/sda1", Type: "ext4", Mount: "/", Source: SourceUUID},
				{Device: "/dev/sda2", Type: "swap"},
			},
		},
		Hostname: "app02",
		Files:    ifupdownStatic("ens192", "192.0.2.18"),
		Boots:    StateDeviceWait,
		Old:      PVSCSI,
	}
}
