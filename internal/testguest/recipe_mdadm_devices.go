package testguest

// debian12RAIDDevices is mirrored as debian12RAID is, with the drivers for virtio
// in its initramfs. There mdadm is told to look at two partitions by name, and
// refuses every other one.
func debian12RAIDDevices() Recipe {
	const name = "debian12-bios-raid1-devices"
	layout := mirrored()
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
ARRAY /dev/md0 level=raid1 num-devices=2 metadata=1.2 UUID=` + mdUUID(name, layout.Arrays[0]) + `
   devices=/dev/sda1,/dev/sdb1
`}},
			Commands: []string{"update-initramfs -u -k all"},
		},
		Firmware: BIOS,
		Layout:   layout,
		Hostname: "mirror02",
		Files:    ifupdownStatic("ens192", "192.0.2.23"),
		Boots:    StateInitramfsShell,
		Old:      PVSCSI,
	}
}
