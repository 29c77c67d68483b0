package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
)

// PlannedMount is a file system of the guest's fstab that is to be mounted. Of
// its options there are only those that choose what is mounted: subvol=@home.
type PlannedMount struct {
	Mount

	Vital bool // fixes cannot be trusted without it
}

// Failed is the error of a mount that did not come up, with what the guest's
// owner can do; nil where err is.
func (m Mount) Failed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s (%s) cannot be written: it was mounted read-only, as damaged or hibernated file systems are; "+
			"start the guest, check the file system, shut it down cleanly, and take its disk again", m.Path, m.Device)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%s (%s) is full: make room in the guest and take its disk again", m.Path, m.Device)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s (%s) cannot be mounted: the path leads to no directory, but to a file or by a link to nothing; "+
			"mend that in the guest, or its /etc/fstab, and take its disk again", m.Path, m.Device)
	}
	return fmt.Errorf("%s (%s) cannot be mounted: %w", m.Path, m.Device, err)
}

// vitalPaths is where boot files, packages and programs lie.
var vitalPaths = map[string]bool{
	"/boot": true, "/boot/efi": true, "/efi": true, "/boot/firmware": true,
	"/usr": true, "/var": true, "/var/lib": true, "/etc": true,
}

// ESPPoints is where systemd mounts an EFI system partition that fstab does not
// name, the first that there is; /boot only where it is empty.
var ESPPoints = []string{"/efi", "/boot/efi", "/boot"}

// localTypes are the file systems in fstab that lie on a disk of the guest.
var localTypes = map[string]bool{
	"auto": true, "ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "f2fs": true,
	"jfs": true, "reiserfs": true, "vfat": true, "msdos": true, "exfat": true, "ntfs": true, "ntfs3": true, "ntfs-3g": true,
}

// PlanMounts chooses the entries of the guest's fstab to mount below its root,
// parents before children. A vital file system that no device is found for is
// an error, any other a warning.
func (d Devices) PlanMounts(tables Tables) (plan []PlannedMount, warnings []string, err error) {
	seen := map[string]bool{"/": true}
	for _, entry := range tables.fstab {
		file := path.Clean(entry.File)
		if !path.IsAbs(file) || seen[file] || !isLocal(entry) {
			continue
		}
		vital := vitalPaths[file]
		if entry.has("noauto") && !vital {
			continue
		}
		seen[file] = true
		device, ok := d.Resolve(entry.Spec)
		switch {
		case ok && !vital && !localTypes[device.FSType] && entry.Type == "auto":
			continue // a card reader, an optical drive
		case ok:
			plan = append(plan, PlannedMount{
				Mount: Mount{Device: device.Name, Path: file, FSType: device.FSType, Options: selection(entry)}, Vital: vital,
			})
		case vital && !entry.has("nofail", "noauto"):
			why := d.whyUnclear(entry.Spec)
			if why == "" {
				why = "no disk of the source has it: is a disk or a LUKS key missing?"
			}
			return nil, nil, fmt.Errorf("the guest's /etc/fstab mounts %s on %s, but %s", entry.Spec, file, why)
		case !entry.has("nofail", "noauto"):
			why := d.whyUnclear(entry.Spec)
			if why == "" {
				why = "no disk of the source has it"
			}
			warnings = append(warnings, fmt.Sprintf("%s was not mounted: the guest's /etc/fstab names %s for it, and %s", file, entry.Spec, why))
		}
	}
	slices.SortStableFunc(plan, func(a, b PlannedMount) int { return len(a.Path) - len(b.Path) })
	return plan, warnings, nil
}

// whyUnclear tells why Resolve finds nothing for a name of a disk that may well
// be here, and what to do; "" where it is no such name.
func (d Devices) whyUnclear(spec string) string {
	_, named := parseDiskID(spec)
	named = named || strings.HasPrefix(spec, "/dev/disk/by-path/")
	if disks := d.disks(); named && disks > 1 {
		return fmt.Sprintf("that name tells a slot or a serial number of the old machine, and nothing tells which of the %d disks it was: "+
			"write UUID= in its place in the guest, and take its disks again", disks)
	}
	return ""
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

// RootMount describes the root: libguestfs names a btrfs subvolume
// btrfsvol:DEVICE/SUBVOLUME.
func (d Devices) RootMount(root string) Mount {
	mount := Mount{Device: root, Path: "/"}
	volume, isBtrfs := strings.CutPrefix(root, "btrfsvol:")
	for _, device := range d {
		if device.Name == root {
			mount.FSType = device.FSType
		}
		if subvolume, ok := strings.CutPrefix(volume, device.Name+"/"); isBtrfs && ok {
			mount.Device, mount.FSType, mount.Options = device.Name, device.FSType, "subvol="+subvolume
		}
	}
	return mount
}
