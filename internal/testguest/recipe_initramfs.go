package testguest

import "strings"

// withVMwareInitramfs makes initramfs-tools put in only what a VMware machine
// needs, plus modules, and leaves it configured for policy, dep or list.
// MODULES=dep would look at the machine that builds the guest, so the image is
// made from a list in any case.
func withVMwareInitramfs(b Bootstrap, policy string, modules ...string) Bootstrap {
	b.Commands = append(vmwareInitramfs(policy, modules...), b.Commands...)
	return b
}

func vmwareInitramfs(policy string, modules ...string) []string {
	list := strings.Join(append([]string{"vmw_pvscsi", "sd_mod"}, modules...), " ")
	commands := []string{
		"echo MODULES=list > /etc/initramfs-tools/conf.d/driver-policy",
		"cp /etc/initramfs-tools/modules /etc/initramfs-tools/modules.orig",
		"printf '%s\\n' " + list + " >> /etc/initramfs-tools/modules",
		"update-initramfs -u -k all",
	}
	if policy == "list" {
		return append(commands, "rm /etc/initramfs-tools/modules.orig")
	}
	return append(commands,
		"mv /etc/initramfs-tools/modules.orig /etc/initramfs-tools/modules",
		"echo MODULES="+policy+" > /etc/initramfs-tools/conf.d/driver-policy")
}

// vmwareDracut makes every initramfs with dracut for the host alone, which is
// to be VMware: with the given drivers and without virtio. options go into the
// configuration that is left, and so into the next image too.
func vmwareDracut(drivers, filesystem, options string) []string {
	return []string{
		"printf '%s\\n' 'hostonly=\"yes\"' 'hostonly_cmdline=\"no\"' " + options + " > /etc/dracut.conf.d/10-hostonly.conf",
		"for version in $(ls /usr/lib/modules); do" +
			" dracut --force --hostonly --add-drivers '" + drivers + "' --filesystems '" + filesystem + "'" +
			" --omit-drivers 'virtio virtio_ring virtio_blk virtio_scsi virtio_pci virtio_net'" +
			" /boot/initrd.img-$version $version; done",
	}
}
