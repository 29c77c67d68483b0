package guest

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// ChooseSystem returns the index of the system that the machine starts, of those
// that were found: one whose own fstab mounts its own file system and subvolume at
// /, no snapshot, and on the disk that the machine starts from. Where these tell
// two apart no more, the first is taken. There must be a system.
func ChooseSystem(systems []OS, devices Devices, bootDisk int) int {
	best, bestRank := 0, []int(nil)
	for i, system := range systems {
		rank := []int{system.namesItself(devices), 0, 0}
		_, subvolume := splitRoot(system.Root)
		if !snapshotPath.MatchString(subvolume) {
			rank[1] = 1
		}
		device, _ := splitRoot(system.Root)
		if slices.ContainsFunc(devices, func(d Device) bool { return d.Name == device && d.Disk == bootDisk }) {
			rank[2] = 1
		}
		if slices.Compare(rank, bestRank) > 0 {
			best, bestRank = i, rank
		}
	}
	return best
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

var diskLike = regexp.MustCompile(`^/dev/((sd|hd|vd|xvd)[a-z]+[0-9]*|nvme[0-9]+n[0-9]+(p[0-9]+)?|md[0-9]+(p[0-9]+)?)$`)

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
	sameBtrfs := func(d Device) bool { return d.Name == device && d.UUID == named.UUID && d.FSType == "btrfs" }
	switch {
	case !found:
		return 1
	case named.Name != device && !slices.ContainsFunc(devices, sameBtrfs):
		return 0
	}
	for _, option := range entry.Options {
		if wanted, ok := strings.CutPrefix(option, "subvol="); ok {
			if strings.Trim(wanted, "/") == strings.Trim(subvolume, "/") {
				return 2
			}
			return 0
		}
	}
	if subvolume != "" {
		return 1 // the file system's default subvolume may be this one or another
	}
	return 2
}
