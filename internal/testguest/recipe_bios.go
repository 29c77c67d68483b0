package testguest

// debian12BIOS is the plain VMware guest: everything names /dev/sda1.
func debian12BIOS() Recipe {
	return Recipe{
		Name:        Flagship,
		Description: "Debian 12, BIOS, MBR, ext4, GRUB with root=/dev/sda1: no such disk on virtio",
		Bootstrap: Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
				"e2fsprogs", "ifupdown", "open-vm-tools",
			},
		},
		Firmware: BIOS,
		Layout: Layout{
			Disks: []Disk{{Name: "sda", SizeMiB: 3072, Table: MBR, Partitions: []Partition{
				{SizeMiB: 2688, Use: UseLinux, Bootable: true},
				{Use: UseExtended},
				{Use: UseSwap, Logical: true},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/sda1", Type: "ext4", Mount: "/"},
				{Device: "/dev/sda5", Type: "swap"},
			},
		},
		Hostname:     "web01",
		Boots:        StateInitramfsShell,
		Old:          PVSCSI,
		GRUBDefaults: []string{"GRUB_DISABLE_LINUX_UUID=true"},
		Files:        ifupdownStatic("ens192", "192.0.2.10"),
	}
}

// debian12EmptyMenu lost its GRUB menu, as file systems lose what a crash kept
// from the disk. It boots nowhere, by no edit of what is left.
func debian12EmptyMenu() Recipe {
	r := debian12BIOS()
	r.Name = "debian12-bios-empty-menu"
	r.Description = "Debian 12, BIOS, MBR, ext4, an empty grub.cfg and GRUB_DISABLE_LINUX_UUID: nothing to start"
	r.Hostname = "web04"
	r.Boots = StateGRUB
	r.Old = ""
	r.Commands = []string{"truncate -s 0 /boot/grub/grub.cfg"}
	return r
}

// debian12NoVirtio is the same guest with an initramfs made for the hardware
// of the old machine alone.
func debian12NoVirtio() Recipe {
	r := debian12BIOS()
	r.Name = "debian12-bios-no-virtio"
	r.Description = "Debian 12, BIOS, MBR, ext4 by UUID, MODULES=dep initramfs without virtio: no disk driver"
	r.Hostname = "web02"
	r.GRUBDefaults = nil
	r.Layout.Filesystems[0].Source = SourceUUID
	r.Layout.Filesystems[1].Source = SourceUUID
	r.Bootstrap = withVMwareInitramfs(r.Bootstrap, "dep", "ext4")
	return r
}

// debian12TwoKernels boots the older of its two kernels by default. Only the
// newer one's initramfs would do on virtio.
func debian12TwoKernels() Recipe {
	r := debian12BIOS()
	r.Name = "debian12-bios-two-kernels"
	r.Description = "Debian 12, BIOS, MBR, ext4 on /dev/xvda1, older kernel the default and without virtio"
	r.Hostname = "web03"
	r.Old = ""
	r.Layout.Disks[0].Name = "xvda"
	r.Layout.Filesystems[0].Device = "/dev/xvda1"
	r.Layout.Filesystems[1].Device = "/dev/xvda5"
	r.Bootstrap.Commands = []string{
		"echo 'deb " + mirror + " bookworm-backports main' > /etc/apt/sources.list.d/backports.list",
		"apt-get update",
		"old=$(ls /usr/lib/modules)",
		"apt-get install -y -t bookworm-backports --no-install-recommends linux-image-cloud-amd64",
		"[ $(ls -d /usr/lib/modules/* | wc -l) = 2 ]",
		"echo MODULES=list > /etc/initramfs-tools/conf.d/driver-policy",
		"printf '%s\\n' vmw_pvscsi sd_mod ext4 >> /etc/initramfs-tools/modules",
		"update-initramfs -u -k $old",
		"sed -i -e /^vmw_pvscsi/d -e /^sd_mod/d -e /^ext4/d /etc/initramfs-tools/modules",
		"rm /etc/initramfs-tools/conf.d/driver-policy",
		"echo $old > /etc/testguest-old-kernel",
	}
	uuid := filesystemUUID(r.Name, r.Layout.Filesystems[0])
	r.Commands = []string{
		"entry=gnulinux-$(cat /etc/testguest-old-kernel)-advanced-" + uuid,
		"grep -q $entry /boot/grub/grub.cfg",
		"sed -i \"s/^GRUB_DEFAULT=.*/GRUB_DEFAULT='gnulinux-advanced-" + uuid + ">$entry'/\" /etc/default/grub",
		"sed -i \"s/set default=\\\"0\\\"/set default=\\\"gnulinux-advanced-" + uuid + ">$entry\\\"/\" /boot/grub/grub.cfg",
		"grep -q \"set default=.gnulinux-advanced\" /boot/grub/grub.cfg",
		"rm /etc/testguest-old-kernel",
	}
	return r
}

// debian11HDA comes from an IDE disk, with VMware's tools from the tarball and
// udev rules that pin the old network card.
func debian11HDA() Recipe {
	r := debian12BIOS()
	r.Name = "debian11-bios-hda"
	r.Description = "Debian 11, BIOS, MBR, ext4 on /dev/hda1 with device.map, VMware Tools from the tarball"
	r.Hostname = "legacy01"
	r.Old = ""
	r.Bootstrap.Suite = Bullseye
	r.Bootstrap.Packages = []string{
		"linux-image-cloud-amd64", "initramfs-tools", "grub-pc", "e2fsprogs", "ifupdown",
	}
	r.Layout.Disks[0].Name = "hda"
	r.Layout.Filesystems[0].Device = "/dev/hda1"
	r.Layout.Filesystems[1].Device = "/dev/hda5"
	r.KernelOptions = "resume=/dev/hda5"
	r.Files = merged(ifupdownStatic("eth0", "192.0.2.11"), tarballTools(), map[string]File{
		"/etc/udev/rules.d/70-persistent-net.rules": {Content: `# PCI device 0x15ad:0x07b0 (vmxnet3)
SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:50:56:9a:01:02", ATTR{dev_id}=="0x0", ATTR{type}=="1", KERNEL=="eth*", NAME="eth0"
`},
	})
	r.Commands = []string{
		"printf '(hd0)\\t/dev/hda\\n' > /boot/grub/device.map",
		"systemctl enable vmware-tools.service",
	}
	return r
}
