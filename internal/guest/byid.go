package guest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// diskName is a name of the guest's for a disk or one of its partitions that
// tells no order: by a serial number, or by what multipath calls it.
type diskName struct {
	// serial is what all links to a disk below /dev/disk/by-id share, alias the
	// name of a multipath map. One of them is empty.
	serial, alias string
	partition     int // 0 for the disk itself
}

var (
	multipathID = regexp.MustCompile(`^dm-uuid-(?:part([0-9]+)-)?mpath-(.+)$`)
	// multipathMap is a map under its alias or its WWID, with the separators
	// that distributions put before the partition.
	multipathMap = regexp.MustCompile(`^(?:(mpath[a-z]+?)|3([0-9a-f]{32}|[0-9a-f]{16}))(?:(?:[-_]part|p)?([0-9]+))?$`)
)

// parseDiskID reads /dev/disk/by-id links of disks and /dev/mapper names of
// multipath maps.
func parseDiskID(spec string) (diskName, bool) {
	if name, ok := strings.CutPrefix(spec, "/dev/mapper/"); ok {
		return parseMultipath(name)
	}
	link, ok := strings.CutPrefix(spec, "/dev/disk/by-id/")
	if !ok {
		return diskName{}, false
	}
	link = decodeLink(link)
	if name, ok := strings.CutPrefix(link, "dm-name-"); ok {
		return parseMultipath(name)
	}
	if match := multipathID.FindStringSubmatch(link); match != nil {
		partition, _ := strconv.Atoi(match[1])
		return diskName{serial: serialOf("scsi-" + match[2]), partition: partition}, true
	}
	if strings.HasPrefix(link, "dm-") || strings.HasPrefix(link, "md-") || strings.HasPrefix(link, "lvm-") {
		return diskName{}, false
	}
	whole, partition := cutPartition(link)
	return diskName{serial: serialOf(whole), partition: partition}, true
}

func parseMultipath(name string) (diskName, bool) {
	match := multipathMap.FindStringSubmatch(name)
	if match == nil {
		return diskName{}, false
	}
	partition, _ := strconv.Atoi(match[3])
	return diskName{serial: match[2], alias: match[1], partition: partition}, true
}

// cutPartition splits the name of a link below /dev/disk.
func cutPartition(link string) (whole string, partition int) {
	match := partSuffix.FindStringSubmatchIndex(link)
	if match == nil {
		return link, 0
	}
	partition, _ = strconv.Atoi(link[match[2]:match[3]])
	return link[:match[0]], partition
}

// shortSerial is the length below which the end of a name tells no disk.
const shortSerial = 6

// serialOf is the serial number in the name of a link, which udev writes in
// several ways for one disk: scsi-36000c29..., wwn-0x6000c29... and
// scsi-SVMware_Virtual_disk_6000c29... are the same. Names without one are
// taken as a whole.
func serialOf(link string) string {
	link = strings.ToLower(link)
	if number, ok := strings.CutPrefix(link, "wwn-0x"); ok {
		return number
	}
	bus, rest, _ := strings.Cut(link, "-")
	if bus == "scsi" && multipathMap.MatchString(rest) {
		return rest[1:]
	}
	if end := rest[strings.LastIndex(rest, "_")+1:]; len(end) >= shortSerial {
		return end
	}
	return rest
}

// is says that the disk is known under the name.
func (d Device) is(name diskName) bool {
	if d.Kind != KindDisk {
		return false
	}
	return name.serial != "" && d.Serial == name.serial || name.alias != "" && d.Alias == name.alias
}

// byDiskID resolves a name that tells a serial number or a multipath map.
func (d Devices) byDiskID(name diskName) (Device, bool) {
	if d.disks() == 1 {
		return d.find(func(device Device) bool { return device.at(name.partition) })
	}
	disk, ok := d.find(func(device Device) bool { return device.is(name) })
	if !ok {
		return Device{}, false
	}
	return d.ByPosition(disk.Disk, name.partition)
}

// use is what the guest's tables say of a device.
type use struct {
	spec string
	// kind is the type of the file system; "swap", "crypto_LUKS", or "" where it
	// may be any.
	kind string
	// device is the appliance's name of the device where it is known for sure.
	device string
}

// usesOf gathers what the tables say. Root is the device that is mounted on /.
func usesOf(root string, tables Tables) []use {
	var uses []use
	for _, entry := range tables.fstab {
		u := use{spec: entry.Spec, kind: entry.Type}
		if entry.File == "/" {
			u.device = root
		}
		if !localTypes[entry.Type] && entry.Type != "swap" || entry.Type == "auto" {
			u.kind = ""
		}
		uses = append(uses, u)
	}
	for spec := range tables.crypttab {
		uses = append(uses, use{spec: spec, kind: FSTypeLUKS})
	}
	return uses
}

// learnSerials finds out which disk each serial number and each multipath map
// means that the guest's tables name, where there are several disks: the one
// that has the partitions, with the file systems that the tables say; what
// fits a single disk decides, and takes that disk from the others. Where two
// disks fit alike, nobody knows.
func learnSerials(devices Devices, uses []use) {
	if devices.disks() < 2 {
		return
	}
	named := map[diskName][]use{} // by the disk, without a partition
	var names []diskName
	for _, u := range uses {
		name, ok := parseDiskID(u.spec)
		if !ok {
			continue
		}
		whole := diskName{serial: name.serial, alias: name.alias}
		if named[whole] == nil {
			names = append(names, whole)
		}
		named[whole] = append(named[whole], u)
	}
	fitting := map[diskName][]int{}
	for _, name := range names {
		if slices.ContainsFunc(devices, func(d Device) bool { return d.is(name) }) {
			continue
		}
		for i, disk := range devices {
			if disk.Kind == KindDisk && (disk.Serial == "" || name.serial == "") && devices.fit(disk.Disk, named[name]) {
				fitting[name] = append(fitting[name], i)
			}
		}
	}
	// An alias and a serial may name the same disk, two serials may not.
	taken := map[bool]map[int]bool{false: {}, true: {}}
	for decided := true; decided; {
		decided = false
		for _, name := range names {
			isAlias := name.alias != ""
			open := slices.DeleteFunc(slices.Clone(fitting[name]), func(i int) bool { return taken[isAlias][i] })
			if len(open) != 1 {
				continue
			}
			i := open[0]
			taken[isAlias][i], decided = true, true
			delete(fitting, name)
			if isAlias {
				devices[i].Alias = name.alias
			} else {
				devices[i].Serial = name.serial
			}
		}
	}
}

// fit says that a disk has all that the tables say of one.
func (d Devices) fit(disk int, uses []use) bool {
	for _, u := range uses {
		name, _ := parseDiskID(u.spec)
		device, ok := d.ByPosition(disk, name.partition)
		switch {
		case !ok:
			return false
		case u.device != "" && d.isDiskOrPartition(u.device):
			if device.Name != u.device {
				return false
			}
		case !sameFilesystem(u.kind, device.FSType):
			return false
		}
	}
	return true
}

func (d Devices) isDiskOrPartition(name string) bool {
	device, ok := d.find(func(device Device) bool { return device.Name == name })
	return ok && (device.Kind == KindDisk || device.Kind == KindPartition)
}

// sameFilesystem says that a device with the second type can be mounted as the
// first.
func sameFilesystem(wanted, found string) bool {
	family := func(kind string) string {
		switch kind {
		case "ext2", "ext3", "ext4":
			return "ext"
		case "msdos", "vfat":
			return "fat"
		case "ntfs3", "ntfs-3g":
			return "ntfs"
		}
		return kind
	}
	return wanted == "" || family(wanted) == family(found)
}
