package guest

import (
	"regexp"
	"strconv"
	"strings"
)

// Resolve finds the device that the guest calls spec: a tag (UUID=, LABEL=,
// PARTUUID=, PARTLABEL=, its value quoted or not), a path below
// /dev/disk/by-*, a device name of the machine that the guest ran on (sda1,
// hda1, vda1, xvda1, nvme0n1p1, mmcblk0p1), or an LVM, device-mapper or md
// name. Disks are told apart by their order alone. Names that tell a slot, a
// serial number or a multipath map (by-path, by-id, mpatha) are only resolved
// where the guest has a single disk, or where its tables or the source tell
// which disk is meant.
func (d Devices) Resolve(spec string) (Device, bool) {
	spec = unquote(strings.TrimSpace(spec))
	if name, value, ok := strings.Cut(spec, "="); ok && !strings.HasPrefix(spec, "/") {
		return d.byTag(Tag(strings.ToUpper(name)), unquote(value))
	}
	name, ok := strings.CutPrefix(spec, "/dev/")
	if !ok || name == "" {
		return Device{}, false
	}
	if link, ok := strings.CutPrefix(name, "disk/"); ok {
		return d.byLink(link)
	}
	if device, ok := d.byGuestName(spec); ok {
		return device, true
	}
	if mapped, ok := strings.CutPrefix(name, "mapper/"); ok {
		if device, ok := d.byMapperName(mapped); ok {
			return device, true
		}
		if disk, ok := parseMultipath(mapped); ok {
			return d.byDiskID(disk)
		}
		return Device{}, false
	}
	if disk, partition, ok := parseDiskName(name); ok {
		return d.ByPosition(disk, partition)
	}
	return d.find(func(device Device) bool {
		return device.Name == spec && device.Kind != KindDisk && device.Kind != KindPartition
	})
}

func (d Devices) byTag(tag Tag, value string) (Device, bool) {
	if value == "" {
		return Device{}, false
	}
	return d.find(func(device Device) bool {
		// vfat's serial number is upper case, other UUIDs are lower case, and
		// people write either.
		if tag == TagUUID || tag == TagPartUUID {
			return strings.EqualFold(device.tag(tag), value)
		}
		return device.tag(tag) == value
	})
}

// linkTags maps the directories below /dev/disk to what their links tell.
var linkTags = map[string]Tag{
	"by-uuid":      TagUUID,
	"by-label":     TagLabel,
	"by-partuuid":  TagPartUUID,
	"by-partlabel": TagPartLabel,
}

// byLink resolves a path below /dev/disk.
func (d Devices) byLink(link string) (Device, bool) {
	directory, name, _ := strings.Cut(link, "/")
	name = decodeLink(name)
	if tag, ok := linkTags[directory]; ok {
		return d.byTag(tag, name)
	}
	if directory == "by-id" {
		if mapped, ok := strings.CutPrefix(name, "dm-name-"); ok {
			return d.Resolve("/dev/mapper/" + mapped)
		}
		if array, ok := strings.CutPrefix(name, "md-name-"); ok {
			return d.byGuestName(ArrayPath(array))
		}
		if array, ok := strings.CutPrefix(name, "md-uuid-"); ok {
			return d.byArrayUUID(array)
		}
		disk, ok := parseDiskID("/dev/disk/by-id/" + name)
		if !ok {
			return Device{}, false
		}
		return d.byDiskID(disk)
	}
	if directory != "by-path" {
		return Device{}, false
	}
	whole, partition := cutPartition(name)
	if d.disks() == 1 {
		return d.find(func(device Device) bool { return device.at(partition) })
	}
	disk, ok := d.find(func(device Device) bool { return device.Slot != "" && device.Slot == whole })
	if !ok {
		return Device{}, false
	}
	return d.ByPosition(disk.Disk, partition)
}

var partSuffix = regexp.MustCompile(`-part([0-9]+)$`)

// disks counts the disks that devices lie on.
func (d Devices) disks() int {
	seen := map[int]bool{}
	for _, device := range d {
		if device.Disk >= 0 && (device.Kind == KindDisk || device.Kind == KindPartition) {
			seen[device.Disk] = true
		}
	}
	return len(seen)
}

// ByPosition finds a partition by its number, or a disk by 0. Disks count from 0.
func (d Devices) ByPosition(disk, partition int) (Device, bool) {
	return d.find(func(device Device) bool { return device.Disk == disk && device.at(partition) })
}

// at says that the device is that partition of its disk, 0 being the disk
// itself.
func (d Device) at(partition int) bool {
	if partition == 0 {
		return d.Kind == KindDisk
	}
	return d.Kind == KindPartition && d.Partition == partition
}

func (d Devices) byMapperName(name string) (Device, bool) {
	return d.find(func(device Device) bool {
		if device.Kind == KindLV {
			return mapperName(device.Name) == name
		}
		return device.Name == "/dev/mapper/"+name
	})
}

func (d Devices) byGuestName(name string) (Device, bool) {
	// /dev/md0 and /dev/md/0 are the same array.
	if number, ok := strings.CutPrefix(name, "/dev/md/"); ok {
		if _, err := strconv.Atoi(number); err == nil {
			name = "/dev/md" + number
		}
	}
	if device, ok := d.find(func(device Device) bool { return device.GuestName == name }); ok {
		return device, true
	}
	// An array of another host is /dev/md/HOST:NAME.
	if array, ok := strings.CutPrefix(name, "/dev/md/"); ok && strings.Contains(array, ":") {
		return d.only(func(device Device) bool { return device.Kind == KindMD && device.GuestName == ArrayPath(array) })
	}
	return Device{}, false
}

// only finds a device that no other is like.
func (d Devices) only(match func(Device) bool) (found Device, ok bool) {
	for _, device := range d {
		if !match(device) {
			continue
		}
		if ok {
			return Device{}, false
		}
		found, ok = device, true
	}
	return found, ok
}

// byArrayUUID finds the array with an mdadm UUID, which its members have: where there
// are several arrays, nothing tells whose members they are.
func (d Devices) byArrayUUID(uuid string) (Device, bool) {
	plain := strings.NewReplacer("-", "", ":", "").Replace
	if _, ok := d.find(func(device Device) bool {
		return device.FSType == "linux_raid_member" && strings.EqualFold(plain(device.UUID), plain(uuid))
	}); !ok {
		return Device{}, false
	}
	return d.only(func(device Device) bool { return device.Kind == KindMD })
}

func (d Devices) find(match func(Device) bool) (Device, bool) {
	for _, device := range d {
		if match(device) {
			return device, true
		}
	}
	return Device{}, false
}

// mapperName returns the device-mapper name of the logical volume /dev/VG/LV:
// VG and LV joined by a hyphen, their own hyphens doubled.
func mapperName(volume string) string {
	group, name, ok := strings.Cut(strings.TrimPrefix(volume, "/dev/"), "/")
	if !ok {
		return ""
	}
	return strings.ReplaceAll(group, "-", "--") + "-" + strings.ReplaceAll(name, "-", "--")
}

// ArrayPath turns the name in an md superblock, with or without its home host
// ("web1:0", "web1:root"), into the device that mdadm makes for it.
func ArrayPath(name string) string {
	if _, after, ok := strings.Cut(name, ":"); ok {
		name = after
	}
	if _, err := strconv.Atoi(name); err == nil {
		return "/dev/md" + name
	}
	return "/dev/md/" + name
}

var (
	letteredDisk = regexp.MustCompile(`^(?:sd|hd|vd|xvd)([a-z]{1,3})([0-9]*)$`)
	nvmeDisk     = regexp.MustCompile(`^nvme([0-9]+)n([1-9][0-9]*)(?:p([0-9]+))?$`)
	mmcDisk      = regexp.MustCompile(`^mmcblk([0-9]+)(?:p([0-9]+))?$`)
)

// parseDiskName reads a Linux disk or partition name without /dev/. Partition
// is 0 for the disk itself.
func parseDiskName(name string) (disk, partition int, ok bool) {
	var suffix string
	if match := letteredDisk.FindStringSubmatch(name); match != nil {
		for _, letter := range match[1] {
			disk = disk*26 + int(letter-'a') + 1
		}
		disk--
		suffix = match[2]
	} else if match := nvmeDisk.FindStringSubmatch(name); match != nil {
		// Several disks are either several controllers with one name space
		// each or one controller with several of them.
		controller, _ := strconv.Atoi(match[1])
		namespace, _ := strconv.Atoi(match[2])
		disk = controller + namespace - 1
		suffix = match[3]
	} else if match := mmcDisk.FindStringSubmatch(name); match != nil {
		disk, _ = strconv.Atoi(match[1])
		suffix = match[2]
	} else {
		return 0, 0, false
	}
	if suffix == "" {
		return disk, 0, true
	}
	partition, err := strconv.Atoi(suffix)
	return disk, partition, err == nil && partition > 0
}

// decodeLink undoes udev's \xNN escapes in the name of a link.
func decodeLink(name string) string {
	if !strings.Contains(name, `\x`) {
		return name
	}
	var out strings.Builder
	for i := 0; i < len(name); i++ {
		if strings.HasPrefix(name[i:], `\x`) && len(name) >= i+4 {
			if char, err := strconv.ParseUint(name[i+2:i+4], 16, 8); err == nil {
				out.WriteByte(byte(char))
				i += 3
				continue
			}
		}
		out.WriteByte(name[i])
	}
	return out.String()
}

// unquote removes one pair of quotes around s.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
