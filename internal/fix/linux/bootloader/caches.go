package bootloader

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"

// staleCaches remember devices of the old machine. All are made anew when they
// are missing.
var staleCaches = []string{
	"/etc/blkid.tab", "/etc/blkid.tab.old", "/etc/blkid/blkid.tab", "/etc/blkid/blkid.tab.old",
	"/run/blkid/blkid.tab", "/run/blkid/blkid.tab.old", "/dev/.blkid.tab", "/dev/.blkid.tab.old",
	"/etc/lvm/cache/.cache", "/etc/lvm/.cache",
}

// lvmDevices lists the disks that LVM may use, by serial number or name. On
// other disks it finds nothing; without the file it uses all.
const lvmDevices = "/etc/lvm/devices/system.devices"

// RemoveCaches removes caches of device names, and LVM's list of devices.
func RemoveCaches(e *edit.Editor) error {
	for _, path := range staleCaches {
		if err := e.RemoveCache(path, "remove a cache of the old machine's devices"); err != nil {
			return err
		}
	}
	return e.Remove(lvmDevices, "let LVM use every disk: the list names the old machine's")
}
