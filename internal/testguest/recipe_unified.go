package testguest

// debian13Unified starts a unified kernel image, whose parameters and initramfs are those
// of a VMware machine. Its firmware finds no other.
func debian13Unified() Recipe {
	r := debian13SystemdBoot()
	r.Name = "debian13-uefi-unified"
	r.Description = "Debian 13, UEFI, systemd-boot with a unified kernel image of ukify, without virtio and with root=/dev/sda2 in it"
	r.Bootstrap.Packages = append(r.Bootstrap.Packages, "systemd-boot-efi", "systemd-ukify")
	r.Bootstrap.Commands = append(append(r.Bootstrap.Commands, vmwareInitramfs("list", "ahci", "ext4")...),
		"version=$(ls /usr/lib/modules)"+
			" && ukify build --linux=/boot/vmlinuz-$version --initrd=/boot/initrd.img-$version --uname=$version"+
			" --os-release=@/etc/os-release --cmdline='"+r.kernelCommandLine()+"' --output=/var/lib/linux.efi")
	r.Hostname = "edge02"
	r.Files = networkdStatic("192.0.2.27")
	r.Commands = []string{
		"rm -r /boot/efi/loader/entries/* /boot/efi/$(cat /etc/machine-id)",
		"mkdir -p /boot/efi/EFI/Linux",
		"mv /var/lib/linux.efi /boot/efi/EFI/Linux/debian.efi",
	}
	return r
}
