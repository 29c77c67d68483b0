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
		switch guest.RoleOf(f) {
		case guest.RoleLinux:
			v.Systems = append(v.Systems, v.linux(device.Name, f))
		case guest.RoleWindows:
			v.Systems = append(v.Systems, v.windows(device.Name, f))
		case guest.RoleOther:
			v.unread("%s holds an operating system that is not known here", device.Name)
		case guest.RoleNone:
		}
	}
	if len(v.Systems) == 0 && len(v.unknown) > 0 {
		v.unread("no operating system was found, and %s may hold one: what lies there is not known", strings.Join(v.unknown, ", "))
	}
	return nil
}

// linux describes the Linux system whose root lies on a device. Its /usr may lie
// on another.
func (v *View) linux(root string, f files) guest.OS {
	system := guest.OS{Root: root, Type: "linux"}
	system.Tables = guest.ParseTables(guest.SmallFile(f, "/etc/fstab"), guest.SmallFile(f, "/etc/crypttab"))
	if mounted, err := v.Mount(system); err != nil {
		v.unread("the system on %s: %v", root, err)
	} else if whole, ok := mounted.FS.(files); ok {
		f = whole
	}
	if !system.Describe(f) {
		v.unread("the distribution of the system on %s", root)
	}
	return system
}
