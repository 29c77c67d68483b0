package bootable

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// devices are those of the guest, asked for what kernel parameters name.
type devices struct{ devname.Names }

// seesAll reports whether a device that was not found is certain to be nowhere.
func (d devices) seesAll() bool { return d.HasRoot && !d.HasLockedDevice() }

func (d devices) has(spec string) bool {
	_, found := d.Resolve(spec)
	return found
}

// hasID reports whether a device with that content has an id that begins so, however
// its digits are grouped.
func (d devices) hasID(content, id string) bool {
	plain := strings.NewReplacer("-", "", ":", "").Replace
	return slices.ContainsFunc(d.Devices, func(o guest.Device) bool {
		return o.FSType == content && strings.HasPrefix(strings.ToLower(plain(o.UUID)), strings.ToLower(plain(id)))
	})
}

// diskTags are the tags by which a kernel parameter names a device by what is on it.
var diskTags = []string{"UUID", "LABEL", "PARTUUID", "PARTLABEL"}

// isTagged reports whether a name is one by what is on a device.
func isTagged(spec string) bool {
	tag, _, tagged := strings.Cut(spec, "=")
	return tagged && slices.Contains(diskTags, tag) ||
		slices.ContainsFunc([]string{"uuid/", "label/", "partuuid/", "partlabel/"}, func(by string) bool { return strings.HasPrefix(spec, "/dev/disk/by-"+by) })
}

// root says what becomes of an entry with this root=. What is no local disk is
// left to whoever mounts it.
func (d devices) root(e menu.Entry, initramfs bool) (outcome, string) {
	root, ok := e.Parameter("root")
	if early, given := e.Parameter("real_root"); given {
		root, ok = early, true
	}
	if !ok || root == "" {
		return starts, ""
	}
	parameter := "root=" + root
	if strings.Contains(root, "$") {
		return unknown, parameter + " has a variable whose value is not known"
	}
	if spec, numbered := devname.Numbered(root); numbered {
		root = spec
	}
	switch {
	case devname.IsStale(root):
		return oldDisk, parameter + " names a disk as the old machine did"
	case d.has(root):
		if !initramfs && (strings.HasPrefix(root, "UUID=") || strings.HasPrefix(root, "LABEL=")) {
			return unknown, parameter + " is not understood by a kernel alone, and it gets no initramfs"
		}
		return starts, ""
	}
	switch to := d.missing(root); to {
	case dead:
		return dead, parameter + " is on no disk of the guest"
	case unknown:
		return unknown, parameter + " was not found"
	case oldDisk, starts:
	}
	return starts, ""
}

// missing says what becomes of an entry whose root file system has a name that none of
// the devices has.
func (d devices) missing(root string) outcome {
	where := unknown
	if d.seesAll() {
		where = dead
	}
	tag, value, tagged := strings.Cut(root, "=")
	array, isArray := strings.CutPrefix(root, "/dev/disk/by-id/md-uuid-")
	switch {
	case tagged && slices.Contains(diskTags, tag):
		if strings.Contains(value, "/") { // PARTUUID=x/PARTNROFF=1
			return unknown
		}
		return where
	case isArray && d.hasID("linux_raid_member", array),
		strings.HasPrefix(root, "/dev/disk/by-id/dm-uuid-LVM-") && d.Root.Kind == guest.KindLV:
		return starts // on any machine; which of several it is, is not known
	case strings.HasPrefix(root, "/dev/disk/by-id/dm-uuid-"):
		return unknown
	case strings.HasPrefix(root, "/dev/disk/by-"), d.isForeignVolume(root):
		return where
	case strings.HasPrefix(root, "/dev/mapper/"), strings.HasPrefix(root, "/dev/disk/"):
		return unknown
	}
	return starts
}

// fips says what becomes of an entry whose initramfs looks for the checksum of its
// kernel, which dracut's does with fips=1, on the file system of boot=.
func (d devices) fips(e menu.Entry, initramfs bool) (outcome, string) {
	boot, given := e.Parameter("boot")
	fips, _ := e.Parameter("fips")
	if !initramfs || !given || fips != "1" || !isTagged(boot) || d.has(boot) {
		return starts, ""
	}
	if !d.seesAll() {
		return unknown, "boot=" + boot + " was not found"
	}
	return dead, "boot=" + boot + " is on no disk of the guest, and with fips=1 the guest halts without it"
}

// otherSystem is the parameter of an entry that names another system than the one that
// was fixed, or nothing.
func (d devices) otherSystem(e menu.Entry, mounts []guest.Mount) string {
	root, _ := e.Parameter("root")
	device, found := d.Resolve(root)
	if !found {
		return ""
	}
	if device.Name != d.Root.Name && (device.UUID == "" || device.UUID != d.Root.UUID) { // several may share it
		return "root=" + root
	}
	if flags, ok := e.Parameter("rootflags"); ok && device.FSType == "btrfs" {
		return otherSubvolume(flags, mounts)
	}
	return ""
}

// otherSubvolume is the option of rootflags= that names another subvolume than the
// one that is mounted at /, or nothing.
func otherSubvolume(flags string, mounts []guest.Mount) string {
	mounted := ""
	for _, m := range mounts {
		if m.Path == "/" {
			mounted, _ = strings.CutPrefix(m.Options, "subvol=")
		}
	}
	for flag := range strings.SplitSeq(flags, ",") {
		if wanted, ok := strings.CutPrefix(flag, "subvol="); ok && mounted != "" && strings.Trim(wanted, "/") != strings.Trim(mounted, "/") {
			return "rootflags=" + flag
		}
	}
	return ""
}

// otherDirectories are those below /dev that are no volume groups.
var otherDirectories = []string{"mapper", "disk", "md", "block", "zvol", "asm", "bcache", "drbd", "ram", "loop", "nbd", "vx", "cciss", "ida", "rd", "mpath", "i2o"}

// isForeignVolume reports whether a name is one of a logical volume whose volume group
// is on no disk.
func (d devices) isForeignVolume(spec string) bool {
	rest, ok := strings.CutPrefix(spec, "/dev/")
	group, volume, two := strings.Cut(rest, "/")
	if !ok || !two || volume == "" || strings.Contains(volume, "/") || slices.Contains(otherDirectories, group) || devname.IsStale(spec) {
		return false
	}
	return !slices.ContainsFunc(d.Devices, func(o guest.Device) bool { return strings.HasPrefix(o.Name, "/dev/"+group+"/") })
}
