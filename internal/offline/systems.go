package offline

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// findSystems looks for operating systems where libguestfs does, by the same
// signs.
func (v *View) findSystems() error {
	for _, device := range v.Devices {
		mounted, ok := v.filesystems[device.Name]
		if !ok {
			continue
		}
		var err error
		f := files{blockfs.NewTree(mounted)}
		if _, err = f.ReadDir("/"); err != nil {
			v.unread("%s: %v", device.Name, err)
			delete(v.filesystems, device.Name)
			continue
		}
		switch f.role() {
		case roleLinux:
			v.Systems = append(v.Systems, v.linux(device.Name, f))
		case roleWindows:
			v.Systems = append(v.Systems, v.windows(device.Name, f))
		case roleOther:
			v.unread("%s holds an operating system that is not known here", device.Name)
		case roleNone:
		}
	}
	if len(v.Systems) == 0 && len(v.unknown) > 0 {
		v.unread("no operating system was found, and %s may hold one: what lies there is not known", strings.Join(v.unknown, ", "))
	}
	return nil
}

// role is what a file system is for.
type role int

const (
	roleNone role = iota
	roleLinux
	roleWindows
	roleOther
)

func (f files) role() role {
	isRoot := f.isDir("/etc") && f.isDir("/bin")
	switch {
	case f.isFile("/grub/menu.lst"), f.isFile("/grub/grub.conf"), f.isFile("/grub2/grub.cfg"):
		return roleNone // a /boot
	case isRoot && f.isFile("/etc/freebsd-update.conf"), isRoot && f.isFile("/netbsd"), isRoot && f.isFile("/bsd"),
		isRoot && f.isFile("/service/vm"), f.isFile("/hurd/console"), f.isFile("/etc/coreos/update.conf"), f.isDir("/share/coreos"):
		return roleOther
	case f.isDir("/etc") && (f.isDir("/bin") || f.linksTo("/bin", "usr/bin")) && (f.isFile("/etc/fstab") || f.isFile("/etc/hosts")):
		return roleLinux
	case f.isFile("/boot.ini"):
		return roleOther // which says where Windows lies
	case f.windowsRoot() != "":
		return roleWindows
	case f.isDir("/windows/system32"), f.isDir("/winnt/system32"):
		return roleOther // or a part of one
	case f.isDir("/ostree/repo"), f.isDir("/FDOS"), f.isFile("/DOS/COMMAND.COM"), f.isFile("/IO.SYS"):
		return roleOther
	}
	return roleNone
}

func (f files) linksTo(name, target string) bool {
	found, err := f.Readlink(name)
	return err == nil && found == target
}

// linux describes the Linux system whose root lies on a device. Its /usr may lie
// on another.
func (v *View) linux(root string, f files) guest.OS {
	system := guest.OS{Root: root, Type: "linux"}
	system.Tables = guest.ParseTables(f.smallFile("/etc/fstab"), f.smallFile("/etc/crypttab"))
	if mounted, err := v.Mount(system); err != nil {
		v.unread("the system on %s: %v", root, err)
	} else if whole, ok := mounted.FS.(files); ok {
		f = whole
	}
	f.readRelease(&system)
	if system.Distro == "" || system.Major == 0 && system.Minor == 0 && !rolling[system.Distro] {
		v.unread("the distribution of the system on %s", root)
	}
	system.Arch = f.architecture()
	system.Hostname = f.hostname()
	return system
}
