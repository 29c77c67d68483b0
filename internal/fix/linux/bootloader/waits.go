package bootloader

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warnWaits tells of devices beside the root file system that an initramfs waits for
// and that are on no disk. What becomes of the guest depends on what made the
// initramfs: dracut's ends in a shell, that of others goes on.
func (c *Configuration) warnWaits(menus []menu.Menu, entries [][]judged) {
	told := map[string]bool{}
	for i, m := range menus {
		at := m.Default
		if at < 0 || entries[i][at].outcome != starts {
			at = slices.IndexFunc(entries[i], func(j judged) bool { return j.outcome == starts })
		}
		if at < 0 {
			continue
		}
		e := entries[i][at].Entry
		c.warnContent(e, told)
		if len(e.Initramfs) == 0 {
			continue
		}
		for _, parameter := range c.waits(e) {
			if told[parameter] {
				continue
			}
			told[parameter] = true
			c.edit.Warn(report.ConcernBootDevice, fmt.Sprintf("%s: %s: %s is on no disk of the guest: the initramfs waits for it, and one of dracut ends in a shell",
				e.File, e.Name(), parameter),
				"migrate the disk that has it, too; or remove "+parameter+" from the kernel parameters in the guest, and take its disks again")
		}
	}
}

// waits are the parameters of an entry that name a device which is on no disk.
func (c *Configuration) waits(e menu.Entry) (gone []string) {
	if !c.seesAll() || slices.Contains(e.Parameters, "rd.lvm=0") && slices.Contains(e.Parameters, "rd.luks=0") {
		return nil
	}
	for _, p := range e.Parameters {
		key, value, _ := strings.Cut(p, "=")
		if value == "" || strings.Contains(value, "$") {
			continue
		}
		there := true
		switch key {
		case "mount.usr", "resume", "real_resume":
			there = !isTagged(value) || slices.Contains(e.Parameters, "noresume") && key != "mount.usr" || c.has(value)
		case "rd.lvm.lv", "rd_LVM_LV":
			there = c.has("/dev/" + value)
		case "rd.luks.uuid", "rd_LUKS_UUID", "rd.luks.name", "luks.uuid", "luks.name":
			id, _, _ := strings.Cut(value, "=")
			there = c.hasID(guest.FSTypeLUKS, strings.TrimPrefix(id, "luks-"))
		case "rd.md.uuid", "rd_MD_UUID":
			there = c.hasID("linux_raid_member", value)
		}
		if !there && !slices.Contains(gone, p) {
			gone = append(gone, p)
		}
	}
	return gone
}

// seesAll reports whether a device that was not found is certain to be nowhere.
func (c *Configuration) seesAll() bool { return c.names.HasRoot && !c.names.HasLockedDevice() }

func (c *Configuration) has(spec string) bool {
	_, found := c.names.Resolve(spec)
	return found
}

// hasID reports whether a device with that content has an id that begins so, however
// its digits are grouped.
func (c *Configuration) hasID(content, id string) bool {
	plain := strings.NewReplacer("-", "", ":", "").Replace
	return slices.ContainsFunc(c.names.Devices, func(d guest.Device) bool {
		return d.FSType == content && strings.HasPrefix(strings.ToLower(plain(d.UUID)), strings.ToLower(plain(id)))
	})
}

// isTagged reports whether a name is one by what is on a device.
func isTagged(spec string) bool {
	tag, _, tagged := strings.Cut(spec, "=")
	return tagged && slices.Contains([]string{"UUID", "LABEL", "PARTUUID", "PARTLABEL"}, tag) ||
		slices.ContainsFunc([]string{"uuid/", "label/", "partuuid/", "partlabel/"}, func(by string) bool { return strings.HasPrefix(spec, "/dev/disk/by-"+by) })
}

// judgeFIPS says what becomes of an entry whose initramfs looks for the checksum of its
// kernel, which dracut's does with fips=1, on the file system of boot=.
func (c *Configuration) judgeFIPS(e menu.Entry, initramfs bool) (outcome, string) {
	boot, given := e.Parameter("boot")
	fips, _ := e.Parameter("fips")
	if !initramfs || !given || fips != "1" || !isTagged(boot) || c.has(boot) {
		return starts, ""
	}
	if !c.seesAll() {
		return unknown, "boot=" + boot + " was not found"
	}
	return dead, "boot=" + boot + " is on no disk of the guest, and with fips=1 the guest halts without it"
}

// otherDirectories are those below /dev that are no volume groups.
var otherDirectories = []string{"mapper", "disk", "md", "block", "zvol", "asm", "bcache", "drbd", "ram", "loop", "nbd", "vx", "cciss", "ida", "rd", "mpath", "i2o"}

// isForeignVolume reports whether a name is one of a logical volume whose volume group
// is on no disk.
func (c *Configuration) isForeignVolume(spec string) bool {
	rest, ok := strings.CutPrefix(spec, "/dev/")
	group, volume, two := strings.Cut(rest, "/")
	if !ok || !two || volume == "" || strings.Contains(volume, "/") || slices.Contains(otherDirectories, group) || devname.IsStale(spec) {
		return false
	}
	return !slices.ContainsFunc(c.names.Devices, func(d guest.Device) bool { return strings.HasPrefix(d.Name, "/dev/"+group+"/") })
}
