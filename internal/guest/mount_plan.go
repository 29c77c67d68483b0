package guest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// PlannedMount is a file system of the guest's fstab that is to be mounted. Of
// its options there are only those that choose what is mounted: subvol=@home.
type PlannedMount struct {
	Mount

	Vital bool // fixes cannot be trusted without it
}

// MountWarning is something about a guest's file systems that its owner should know, and what to do.
type MountWarning struct{ Message, Remedy string }

// Failed is the error of a mount that did not come up, with what the guest's
// owner can do; nil where err is.
func (m Mount) Failed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EROFS) && m.FSType == "btrfs":
		return remedy.With(fmt.Errorf("%s (%s) cannot be written: it is a read-only snapshot, as the root of SLE Micro or MicroOS, or its file system is damaged", m.Path, m.Device),
			"set pipeline.fix.enabled to false: such a guest is copied as it is, and machine says what it boots from; if the file system is damaged, check it in the guest")
	case errors.Is(err, syscall.EROFS):
		return remedy.With(fmt.Errorf("%s (%s) cannot be written: it was mounted read-only, as damaged or hibernated file systems are", m.Path, m.Device),
			"start the guest, check the file system, shut it down cleanly, and take its disk again")
	case errors.Is(err, syscall.ENOSPC):
		return remedy.With(fmt.Errorf("%s (%s) is full", m.Path, m.Device), "make room in the guest and take its disk again")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return remedy.With(fmt.Errorf("%s (%s) cannot be mounted: the path leads to no directory, but to a file or by a link to nothing", m.Path, m.Device),
			"mend that in the guest, or its /etc/fstab, and take its disk again")
	}
	return fmt.Errorf("%s (%s) cannot be mounted: %w", m.Path, m.Device, err)
}

// NotMounted is the warning of a mount that did not come up and that fixes can do
// without.
func (m Mount) NotMounted(err error) MountWarning {
	err = m.Failed(err)
	return MountWarning{err.Error(), cmp.Or(remedy.Of(err),
		"names of the old machine in its files are not looked for: check that it can be mounted in the guest on its old machine, and take its disks again; or remove it from the guest's /etc/fstab")}
}

// NoFstab is the warning of a guest that has no table of its file systems.
var NoFstab = MountWarning{
	"the guest has no /etc/fstab: only its root was mounted, and its EFI system partition where one was found",
	"if /boot, /usr or /var are file systems of their own, name them in the guest's /etc/fstab, and take its disks again",
}

// vitalPaths is where boot files, packages and programs lie.
var vitalPaths = map[string]bool{
	"/boot": true, "/boot/efi": true, "/efi": true, "/boot/firmware": true,
	"/usr": true, "/var": true, "/var/lib": true, "/etc": true,
}

// espPoints is where systemd mounts an EFI system partition that fstab does not
// name, the first that there is; /boot only where it is empty.
var espPoints = []string{"/efi", "/boot/efi", "/boot"}

// localTypes are the file systems in fstab that lie on a disk of the guest.
var localTypes = map[string]bool{
	"auto": true, "ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "f2fs": true,
	"jfs": true, "reiserfs": true, "vfat": true, "msdos": true, "exfat": true, "ntfs": true, "ntfs3": true, "ntfs-3g": true,
}

// PlanMounts chooses the entries of the guest's fstab to mount below its root,
// parents before children. A vital file system that no device is found for is
// an error, any other a warning.
func (d Devices) PlanMounts(tables Tables) (plan []PlannedMount, warnings []MountWarning, err error) {
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
		case entry.has("nofail", "noauto"):
		case vital:
			why, remedied := d.whyMissing(entry.Spec)
			return nil, nil, remedy.With(fmt.Errorf("the guest's /etc/fstab mounts %s on %s, but %s", entry.Spec, file, why), remedied)
		default:
			why, remedied := d.whyMissing(entry.Spec)
			warnings = append(warnings, MountWarning{
				fmt.Sprintf("%s was not mounted: the guest's /etc/fstab names %s for it, and %s", file, entry.Spec, why),
				remedied + "; or remove the line in the guest, or give it the option nofail: a guest waits at each boot for what it does not find, and ends in a shell for emergencies",
			})
		}
	}
	slices.SortStableFunc(plan, func(a, b PlannedMount) int { return len(a.Path) - len(b.Path) })
	return plan, warnings, nil
}

// whyMissing tells why Resolve finds nothing for a name, and what to do.
func (d Devices) whyMissing(spec string) (why, remedied string) {
	_, named := parseDiskID(spec)
	named = named || strings.HasPrefix(spec, "/dev/disk/by-path/")
	locked := slices.ContainsFunc(d, func(o Device) bool {
		return o.FSType == FSTypeLUKS && !slices.ContainsFunc(d, func(inner Device) bool { return inner.Parent == o.Name })
	})
	switch disks := d.disks(); {
	case named && disks > 1:
		return fmt.Sprintf("that name tells a slot or a serial number of the old machine, and nothing tells which of the %d disks it was", disks),
			"write UUID= in its place in the guest, and take its disks again"
	case locked:
		return "no disk of the source has it that was read: some are encrypted", "give the key that opens them in source.luks_keys; or migrate the disk that has it, too"
	}
	return "no disk of the source has it", "migrate the disk that has it, too"
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
