package bootloader

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// staleCaches remember devices of the old machine. All are made anew when they
// are missing.
var staleCaches = []string{
	"/etc/blkid.tab", "/etc/blkid.tab.old", "/etc/blkid/blkid.tab", "/etc/blkid/blkid.tab.old",
	"/run/blkid/blkid.tab", "/run/blkid/blkid.tab.old", "/dev/.blkid.tab", "/dev/.blkid.tab.old",
	"/etc/lvm/cache/.cache", "/etc/lvm/.cache",
}

// lvmDevices is where lists of the disks lie that LVM may use, by serial number or name.
// On other disks it finds nothing; without the file it uses all.
const lvmDevices = "/etc/lvm/devices/"

// oldDiskID finds disks in such lists that the old machine alone has.
var oldDiskID = regexp.MustCompile(`(?m)^IDTYPE=(sys_serial|sys_wwid|devname|mpath_uuid)\b`)

// RemoveCaches removes caches of device names, and LVM's list of devices.
func RemoveCaches(e *edit.Editor) error {
	for _, path := range staleCaches {
		if err := e.RemoveCache(path, "remove a cache of the old machine's devices"); err != nil {
			return err
		}
	}
	used, err := usedDeviceLists(e.Reader)
	if err != nil {
		return err
	}
	for _, name := range used {
		if err := e.Remove(lvmDevices+name, "let LVM use every disk: the list names the old machine's"); err != nil {
			return err
		}
	}
	return e.EachFile(lvmDevices+"*", func(file, text string) error {
		if oldDiskID.MatchString(text) && !slices.Contains(used, path.Base(file)) {
			name := path.Base(file)
			e.Warn(report.ConcernOldDisk, file+" lists disks of the old machine for LVM: what uses that list finds no volume group on the new machine",
				"run in the guest on the new machine: lvmdevices --devicesfile "+name+" --adddev DISK for each of its disks; or remove the list where nothing uses it")
		}
		return nil
	})
}

// usedDeviceLists are the names of the lists that LVM's configuration has it use.
func usedDeviceLists(e *edit.Reader) ([]string, error) {
	used := []string{"system.devices"}
	for _, file := range []string{"/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf"} {
		text, _, err := e.Read(file)
		if err != nil {
			return nil, err
		}
		entries, _ := conf.LVMEntries(text) // what can be read of it
		for _, entry := range entries {
			if name := strings.Trim(entry.Value, `"'`); entry.Key == "devices/devicesfile" && name != "" && !strings.Contains(name, "/") {
				used = append(used, name)
			}
		}
	}
	return used, nil
}

// tellLeftDeviceLists tells of the lists that RemoveCaches would have removed.
func (c *Configuration) tellLeftDeviceLists(mended string) error {
	used, err := usedDeviceLists(c.edit.Reader)
	if err != nil {
		return err
	}
	for _, name := range used {
		text, _, err := c.edit.Read(lvmDevices + name)
		if err != nil {
			return err
		}
		if oldDiskID.MatchString(text) {
			c.edit.Warn(report.ConcernEarlyDevice, lvmDevices+name+" lists disks of the old machine, the only ones on which LVM looks for volume groups: it finds none on the new machine",
				mended+"; or remove the file in the guest, and take its disks again: without it LVM uses every disk")
		}
	}
	return nil
}
