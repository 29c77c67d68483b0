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
		GRUBDefaults: []string{"GRUB_DISABLE_LINUX_UUID=true"},
		Files:        ifupdownStatic("ens192", "192.0.2.10"),
	}
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
	r.Bootstrap = withVMwareInitramfs(r.Bootstrap)
	return r
}

// ifupdownStatic is a static address in /etc/network/interfaces, in the
// network that Boot gives to the guest.
func ifupdownStatic(nic, address string) map[string]File {
	return map[string]File{"/etc/network/interfaces": {Content: `# This file describes the network interfaces available on your system
# and how to activate them. For more information, see interfaces(5).

source /etc/network/interfaces.d/*

# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug ` + nic + `
iface ` + nic + ` inet static
	address ` + address + `/24
	gateway 192.0.2.2
`}}
}

// withVMwareInitramfs makes initramfs-tools put in only what a VMware machine
// needs. MODULES=dep would look at the machine that builds the guest, so the
// image is made from a list, and what stays configured is dep, as on a guest
// where the installer was told to make a targeted image.
func withVMwareInitramfs(b Bootstrap) Bootstrap {
	b.Commands = append([]string{
		"echo MODULES=list > /etc/initramfs-tools/conf.d/driver-policy",
		"printf '%s\\n' vmw_pvscsi sd_mod ext4 >> /etc/initramfs-tools/modules",
		"update-initramfs -u -k all",
		"sed -i -e /^vmw_pvscsi/d -e /^sd_mod/d -e /^ext4/d /etc/initramfs-tools/modules",
		"echo MODULES=dep > /etc/initramfs-tools/conf.d/driver-policy",
	}, b.Commands...)
	return b
}
