package guest

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ChooseSystem returns the index of the system that the machine starts, of those
// that were found: the one that the menus of its boot loaders start and whose own
// fstab mounts its own file system and subvolume at /, no snapshot, and on the disk
// that the machine starts from. Where these tell two apart no more, the first is
// taken. There must be a system.
func ChooseSystem(systems []OS, devices Devices, bootDisk int, menus ...Menu) int {
	best, bestRank := 0, []int(nil)
	starts := startsOf(menus, devices)
	for i, system := range systems {
		device, subvolume := splitRoot(system.Root)
		named, started := system.namesItself(devices), startedBy(starts, device, subvolume, devices)
		rank := []int{named + started, named, 0, 0}
		if !snapshotPath.MatchString(subvolume) {
			rank[2] = 1
		}
		if slices.ContainsFunc(devices, func(d Device) bool { return d.Name == device && d.Disk == bootDisk }) {
			rank[3] = 1
		}
		if slices.Compare(rank, bestRank) > 0 {
			best, bestRank = i, rank
		}
	}
	return best
}

// FindSystem returns the index of the system that a person means: by its root as
// the inspection names it, by its device, by the guest's own name of that or by
// UUID=. It is -1 where none or more than one is meant.
func FindSystem(systems []OS, devices Devices, name string) int {
	if at := slices.IndexFunc(systems, func(s OS) bool { return s.Root == name }); at >= 0 {
		return at
	}
	found := -1
	for i, system := range systems {
		device, _ := splitRoot(system.Root)
		meant := name == device
		for _, d := range devices {
			meant = meant || d.Name == device && (name == d.GuestName || d.UUID != "" && strings.EqualFold(name, "UUID="+d.UUID))
		}
		switch {
		case meant && found >= 0:
			return -1
		case meant:
			found = i
		}
	}
	return found
}

// snapshotPath is where snapper, Timeshift and others keep old states of a system.
var snapshotPath = regexp.MustCompile(`(?i)(^|/)(\.?snapshots?|timeshift[^/]*|\.?btrbk[^/]*|@\.?snapshots?[^/]*|backup[^/]*|old[^/]*)(/|$)`)

// splitRoot splits the inspection's name of a root: btrfsvol:/dev/sda2/@.
func splitRoot(root string) (device, subvolume string) {
	volume, ok := strings.CutPrefix(root, "btrfsvol:")
	if !ok {
		return root, ""
	}
	parts := strings.SplitN(volume, "/", 4)
	if len(parts) < 4 {
		return volume, ""
	}
	device, subvolume = strings.Join(parts[:3], "/"), parts[3]
	// /dev/mapper/NAME and /dev/VG/LV have three parts, /dev/sda2 has two.
	if !diskLike.MatchString(device) {
		name, rest, _ := strings.Cut(subvolume, "/")
		device, subvolume = device+"/"+name, rest
	}
	return device, subvolume
}

// RootByOrder names a root on btrfs by the order of the disks, as all other devices
// are. Libguestfs passes on how its appliance's kernel calls the disk, and that numbers
// disks in the order in which it gets ready with them. uuidOf is the UUID of the file
// system on a disk or partition by that name, or empty.
func (d Devices) RootByOrder(root string, uuidOf func(device string) string) string {
	device, subvolume := splitRoot(root)
	if subvolume == "" || !diskLike.MatchString(device) {
		return root
	}
	uuid := uuidOf(device)
	if uuid == "" {
		return root
	}
	holds := func(d Device) bool { return d.FSType == "btrfs" && d.UUID == uuid }
	if _, ok := d.find(func(d Device) bool { return d.Name == device && holds(d) }); ok {
		return root
	}
	if found, ok := d.find(holds); ok {
		return "btrfsvol:" + found.Name + "/" + subvolume
	}
	return root
}

var diskLike = regexp.MustCompile(`^/dev/((sd|hd|vd|xvd)[a-z]+[0-9]*|nvme[0-9]+n[0-9]+(p[0-9]+)?|md[0-9]+(p[0-9]+)?)$`)

// holdsSame reports whether two devices hold one file system, as those of a
// btrfs do.
func holdsSame(a, b Device) bool {
	return a.Name == b.Name || a.FSType == "btrfs" && b.FSType == "btrfs" && a.UUID != "" && a.UUID == b.UUID
}

// topSubvolume is the number of a btrfs's top, beside 0.
const topSubvolume = 5

// namesItself is 2 if the system's fstab mounts the system's own root at /, 0 if it
// mounts another there, and 1 where nobody can tell.
func (o OS) namesItself(devices Devices) int {
	i := slices.IndexFunc(o.Tables.fstab, func(e fstabEntry) bool { return path.Clean(e.File) == "/" })
	if i < 0 {
		return 1
	}
	entry := o.Tables.fstab[i]
	device, subvolume := splitRoot(o.Root)
	named, found := devices.Resolve(entry.Spec)
	at := slices.IndexFunc(devices, func(d Device) bool { return d.Name == device })
	switch {
	case !found:
		return 1
	case named.Name != device && (at < 0 || !holdsSame(devices[at], named)):
		return 0
	}
	result := 1 // without an option, the default subvolume may be this one or another
	if subvolume == "" {
		result = 2 // it was found as the default one
	}
	for _, option := range entry.Options {
		name, wanted, _ := strings.Cut(option, "=")
		var same, known bool
		switch name {
		case "subvol":
			// The default subvolume has a name too, which is not known.
			known = subvolume != "" || o.SubvolumeID == topSubvolume
			same = strings.Trim(wanted, "/") == strings.Trim(subvolume, "/")
		case "subvolid":
			id, err := strconv.ParseInt(wanted, 0, 64)
			if id == 0 {
				id = topSubvolume
			}
			known = err == nil && o.SubvolumeID != 0
			same = id == o.SubvolumeID
		default:
			continue
		}
		switch {
		case known && !same:
			return 0
		case known:
			result = 2
		case subvolume == "":
			result = 1
		}
	}
	return result
}
