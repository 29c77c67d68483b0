package testguest

// debian12FIPS has the drivers for virtio, and its root by UUID. dracut's module
// fips mounts what boot= names, waits for it, and compares the kernel there with
// its checksum: where that cannot be done the machine is halted. All of this is
// dracut's own, as Debian packages it, but for two things. Debian has no
// sha512hmac; a script in its place computes the same by openssl. And the lines
// that load tcrypt are taken out of the module, because Debian's kernels are built
// without FIPS mode, where tcrypt never stays loaded. rd.shell gives a shell in
// place of the halt.
func debian12FIPS() Recipe {
	return Recipe{
		Name:        "debian12-bios-fips",
		Description: "Debian 12, BIOS, MBR, ext4 by UUID, separate /boot, dracut's module fips with fips=1 and boot=/dev/sda1",
		Bootstrap: Bootstrap{
			Suite: Bookworm,
			Packages: []string{
				"linux-image-cloud-amd64", "dracut", "grub-pc", "e2fsprogs", "ifupdown", "open-vm-tools", "openssl",
			},
			Files: map[string]File{
				"/etc/system-fips":                {},
				"/etc/dracut.conf.d/10-fips.conf": {Content: "hostonly=\"no\"\nadd_dracutmodules+=\" fips \"\ninstall_items+=\" /usr/bin/openssl \"\n"},
				"/usr/bin/sha512hmac": {Mode: 0o755, Content: `#!/bin/sh
sum() { openssl dgst -sha512 -hmac FIPS-FTW-RHT2009 "$1" | sed 's/.*= //'; }
if [ "$1" = -c ]; then
	while read -r expected file; do
		[ "$(sum "$file")" = "$expected" ] || exit 1
	done <"$2"
else
	echo "$(sum "$1")  $1"
fi
`},
			},
			Commands: []string{
				"sed -i '/^ *\\(modprobe\\|rmmod\\) tcrypt/d' /usr/lib/dracut/modules.d/01fips/fips.sh",
				"for version in $(ls /usr/lib/modules); do" +
					" sha512hmac /boot/vmlinuz-$version > /boot/.vmlinuz-$version.hmac;" +
					" dracut --force /boot/initrd.img-$version $version; done",
				"lsinitrd /boot/initrd.img-* | grep -q sbin/fips.sh",
			},
		},
		Firmware: BIOS,
		Layout: Layout{
			Disks: []Disk{{Name: "sda", SizeMiB: 3584, Table: MBR, Partitions: []Partition{
				{SizeMiB: 512, Use: UseLinux, Bootable: true},
				{SizeMiB: 2688, Use: UseLinux},
				{Use: UseSwap},
			}}},
			Filesystems: []Filesystem{
				{Device: "/dev/sda2", Type: "ext4", Mount: "/", Source: SourceUUID},
				{Device: "/dev/sda1", Type: "ext4", Mount: "/boot", Source: SourceUUID},
				{Device: "/dev/sda3", Type: "swap", Source: SourceUUID},
			},
		},
		Hostname:      "secure01",
		KernelOptions: "fips=1 boot=/dev/sda1 rd.shell",
		Files:         ifupdownStatic("ens192", "192.0.2.22"),
		Boots:         StateInitramfsShell,
		Old:           PVSCSI,
	}
}
