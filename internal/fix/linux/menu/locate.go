package menu

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// A loader's file name is one on a file system, which may be mounted anywhere in the
// guest. In place of GRUB's names of devices stand, once they are known,
// "mount:/boot" for the file system that the guest has there, and "device:/dev/sdb1"
// for one that is not mounted.
const (
	mountToken  = "mount:"
	deviceToken = "device:"
	nativeToken = "native:" // for one that GRUB's own driver finds
	absentToken = "absent:" // for one that no disk of the guest has
)

// isToken reports whether a value is a device already as locate wants it.
func isToken(value string) bool {
	return slices.ContainsFunc([]string{mountToken, deviceToken, nativeToken, absentToken}, func(token string) bool { return strings.HasPrefix(value, token) })
}

// maxPath is how long a path may be for Linux, in bytes.
const maxPath = 4096

// places are where loaders have their files.
var places = []string{"/", "/boot", "/boot/efi", "/efi", "/boot/extlinux", "/boot/syslinux"}

// finder finds in one guest the files that loaders name.
type finder struct {
	edit    *edit.Reader
	devices guest.Devices // none where they are not known
}

// locate finds the file that a loader calls name. It lies on the file system of root
// where the name tells none.
func (f *finder) locate(name, root string) File {
	file := File{Name: name}
	device := root
	plain := name
	if rest, ok := strings.CutPrefix(name, "("); ok {
		device, plain, ok = strings.Cut(rest, ")")
		if !ok {
			return file
		}
	}
	if strings.Contains(plain, "$") || plain == "" {
		return file // by a variable: nobody can tell
	}
	mount, mounted := strings.CutPrefix(device, mountToken)
	absent, isAbsent := strings.CutPrefix(device, absentToken)
	if !isAbsent && !isToken(device) && f.lacks(device) {
		absent, isAbsent = device, true
	}
	switch {
	case isAbsent:
		file.State, file.Absent = Missing, absent
		return file
	case strings.HasPrefix(device, deviceToken):
		return file
	case mounted && len(f.devices) > 0 && !f.isBtrfs(mount):
		at := path.Join(mount, path.Join("/", plain))
		switch {
		case f.mountOf(at) != mount: // hidden below another file system
		case f.isFile(at):
			file.Path, file.State = at, Found
		case !f.isLink(at):
			file.State = Missing
		}
		return file
	}
	if at := f.anywhere(plain); at != "" {
		file.Path, file.State = at, Found
	} else if !elsewhere(device) && f.seesAll() {
		file.State = Missing
	}
	return file
}

// elsewhere reports whether a device is one by a variable, or none of a disk.
func elsewhere(device string) bool {
	return strings.Contains(device, "$") || slices.ContainsFunc([]string{"memdisk", "tftp", "http", "pxe", "cd", "proc", "crypto"}, func(kind string) bool {
		return strings.HasPrefix(device, kind)
	})
}

func (f *finder) anywhere(name string) string { return Anywhere(f.edit, name) }

// Anywhere finds a file of which the loader's root is not known: that may be /boot,
// the EFI system partition or the top of a btrfs, so that the name is a part of the
// guest's path or the reverse. It returns the guest path, or nothing.
func Anywhere(e *edit.Reader, name string) string {
	if len(name) > maxPath {
		return ""
	}
	for name = path.Join("/", name); name != "/"; {
		for _, place := range places {
			if at := path.Join(place, name); isFile(e, at) {
				return at
			}
		}
		_, rest, ok := strings.Cut(name[1:], "/")
		if !ok {
			break
		}
		name = "/" + rest
	}
	return ""
}

func (f *finder) isFile(name string) bool { return isFile(f.edit, name) }

func isFile(e *edit.Reader, name string) bool {
	info, err := e.Stat(name)
	return err == nil && info.Mode.IsRegular()
}

// isLink reports whether there is a link, which may lead elsewhere for a loader.
func (f *finder) isLink(name string) bool {
	_, err := f.edit.Readlink(name)
	return err == nil
}

// mountOf is the mount point that a guest path lies below.
func (f *finder) mountOf(name string) string {
	best := "/"
	for _, m := range f.edit.Mounts() {
		if m.Path == name || strings.HasPrefix(name, strings.TrimSuffix(m.Path, "/")+"/") {
			if len(m.Path) > len(best) {
				best = m.Path
			}
		}
	}
	return best
}

func (f *finder) isBtrfs(mount string) bool {
	return slices.ContainsFunc(f.edit.Mounts(), func(m guest.Mount) bool {
		return m.Path == mount && (m.FSType == "btrfs" || strings.HasPrefix(m.Device, "btrfsvol:"))
	})
}

// token names the file system of a device for locate.
func (f *finder) token(d guest.Device) string {
	for _, m := range f.edit.Mounts() {
		if m.Device == d.Name || strings.HasPrefix(m.Device, "btrfsvol:"+d.Name+"/") {
			return mountToken + m.Path
		}
	}
	return deviceToken + d.Name
}

// loaderFilesystems are those that a boot loader can read its files from.
var loaderFilesystems = []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "msdos", "jfs", "reiserfs", "f2fs"}

// seesAll reports whether all file systems that could hold a loader's files are
// mounted: a file that is not there is then nowhere.
func (f *finder) seesAll() bool {
	if len(f.devices) == 0 {
		return false
	}
	if f.isLocked() {
		return false
	}
	for _, d := range f.devices {
		if slices.Contains(loaderFilesystems, d.FSType) && (d.FSType == "btrfs" || strings.HasPrefix(f.token(d), deviceToken)) {
			return false
		}
	}
	return true
}

// isLocked reports whether the guest has encryption that was not opened.
func (f *finder) isLocked() bool {
	return slices.ContainsFunc(f.devices, func(d guest.Device) bool {
		return d.FSType == guest.FSTypeLUKS && !slices.ContainsFunc(f.devices, func(o guest.Device) bool { return o.Parent == d.Name })
	})
}
