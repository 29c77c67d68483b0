package guest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// plannedMount is a file system of the guest's fstab that is to be mounted.
type plannedMount struct {
	Device  Device
	Path    string
	Options string // the ones that choose what is mounted: subvol=@home
	Vital   bool   // fixes cannot be trusted without it
}

func (p plannedMount) mount() Mount {
	return Mount{Device: p.Device.Name, Path: p.Path, FSType: p.Device.FSType, Options: p.Options}
}

// vitalPaths is where boot files, packages and programs lie.
var vitalPaths = map[string]bool{
	"/boot": true, "/boot/efi": true, "/efi": true, "/boot/firmware": true,
	"/usr": true, "/var": true, "/var/lib": true, "/etc": true,
}

// localTypes are the file systems in fstab that lie on a disk of the guest.
var localTypes = map[string]bool{
	"auto": true, "ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "f2fs": true,
	"jfs": true, "reiserfs": true, "vfat": true, "msdos": true, "exfat": true, "ntfs": true, "ntfs3": true, "ntfs-3g": true,
}

// planMounts chooses the entries of the guest's fstab to mount below its root,
// parents before children. A vital file system that no device is found for is
// an error, any other a warning.
func planMounts(entries []fstabEntry, devices Devices) (plan []plannedMount, warnings []string, err error) {
	seen := map[string]bool{"/": true}
	for _, entry := range entries {
		file := path.Clean(entry.File)
		if !path.IsAbs(file) || seen[file] || !isLocal(entry) {
			continue
		}
		vital := vitalPaths[file]
		if entry.has("noauto") && !vital {
			continue
		}
		seen[file] = true
		device, ok := devices.Resolve(entry.Spec)
		switch {
		case ok && !vital && !localTypes[device.FSType] && entry.Type == "auto":
			continue // a card reader, an optical drive
		case ok:
			plan = append(plan, plannedMount{Device: device, Path: file, Options: selection(entry), Vital: vital})
		case vital && !entry.has("nofail", "noauto"):
			return nil, nil, fmt.Errorf("the guest's /etc/fstab mounts %s on %s, but no disk of the source has it: "+
				"is a disk or a LUKS key missing?", entry.Spec, file)
		case !entry.has("nofail", "noauto"):
			warnings = append(warnings, fmt.Sprintf("%s was not mounted: no disk of the source has %s, "+
				"which the guest's /etc/fstab names for it", file, entry.Spec))
		}
	}
	slices.SortStableFunc(plan, func(a, b plannedMount) int { return len(a.Path) - len(b.Path) })
	return plan, warnings, nil
}

// isLocal says that the entry is a file system on a disk, mounted once.
func isLocal(entry fstabEntry) bool {
	if entry.has("bind", "rbind", "loop", "_netdev") {
		return false
	}
	// Several types may be given: "ext4,ext3".
	for _, kind := range strings.Split(entry.Type, ",") {
		if localTypes[kind] {
			return true
		}
	}
	return false
}

// selection returns the mount options that say which part of a file system is
// meant. All others change how the guest uses it, not what is in it.
func selection(entry fstabEntry) string {
	var chosen []string
	for _, option := range entry.Options {
		if strings.HasPrefix(option, "subvol=") || strings.HasPrefix(option, "subvolid=") {
			chosen = append(chosen, option)
		}
	}
	return strings.Join(chosen, ",")
}
