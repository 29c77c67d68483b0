//go:build cgo && linux

package appliance

import (
	"strings"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// FindSystems looks for Linux systems by their signs on the file systems, each of which
// is mounted once. It is not certain where it finds none or meets another system or
// something that it cannot read: then Inspect has to look, which takes several times
// as long. What was mounted is not mounted any more afterwards.
func (s *Session) FindSystems() (systems []guest.OS, certain bool, err error) {
	err = s.call("look for operating systems", "", func(g *guestfs.Guestfs) error {
		if err := s.unmount(g); err != nil {
			return err
		}
		devices, err := s.listDevices(g)
		if err != nil {
			return err
		}
		systems, certain, err = s.findSystems(g, devices)
		numberSubvolumes(g, devices, systems)
		return err
	})
	if err != nil || !certain || len(systems) == 0 {
		return nil, false, err
	}
	return systems, true, nil
}

// findSystems is FindSystems within a call.
func (s *Session) findSystems(g *guestfs.Guestfs, devices guest.Devices) (systems []guest.OS, certain bool, err error) {
	seen := map[string]bool{} // the btrfs of which one device was looked at
	for _, device := range devices {
		if !holdsFiles(device.FSType) || device.FSType == "btrfs" && seen[device.UUID] {
			continue
		}
		roots := []string{device.Name}
		if device.FSType == "btrfs" {
			seen[device.UUID] = true
			volumes, err := subvolumes(g, device.Name)
			if err != nil {
				return nil, false, s.ctx.Err()
			}
			roots = append(roots, volumes...)
		}
		for _, root := range roots {
			system, role, err := lookAt(g, root)
			if err := s.ctx.Err(); err != nil {
				return nil, false, err
			}
			switch {
			case err != nil, role != guest.RoleLinux && role != guest.RoleNone:
				return nil, false, g.Umount_all()
			case role == guest.RoleLinux:
				systems = append(systems, system)
			}
		}
	}
	return systems, true, nil
}

// holdsFiles says of a type of content that it is a file system that may hold a system.
func holdsFiles(fsType string) bool {
	switch fsType {
	case "", guest.FSTypeSwap, guest.FSTypeSuspended, guest.FSTypeLUKS, "BitLocker", "jbd", "iso9660":
		return false
	}
	return !strings.HasSuffix(fsType, "_member")
}

// subvolumes are those of a btrfs but the one that the device is mounted as.
func subvolumes(g *guestfs.Guestfs, device string) ([]string, error) {
	standard, err := g.Btrfs_subvolume_get_default(device)
	if err != nil {
		return nil, err
	}
	all, err := g.Btrfs_subvolume_list(device)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, volume := range *all {
		if int64(volume.Btrfssubvolume_id) != standard { //nolint:gosec // the numbers are counted up
			names = append(names, subvolumePrefix+device+"/"+volume.Btrfssubvolume_path)
		}
	}
	return names, nil
}

// lookAt looks at one file system. An error means that it cannot be told.
func lookAt(g *guestfs.Guestfs, root string) (guest.OS, guest.Role, error) {
	if err := g.Mount_ro(root, "/"); err != nil {
		return guest.OS{}, guest.RoleOther, err
	}
	files := handleFiles{g}
	system := guest.OS{Root: root, Type: "linux"}
	role := guest.RoleOf(files)
	if role == guest.RoleLinux {
		system.Tables = guest.ParseTables(guest.SmallFile(files, "/etc/fstab"), guest.SmallFile(files, "/etc/crypttab"))
		if !system.Describe(files) { // its /usr may lie elsewhere
			role = guest.RoleOther
		}
	}
	return system, role, g.Umount_all()
}

// numberSubvolumes tells several systems on btrfs apart.
func numberSubvolumes(g *guestfs.Guestfs, devices guest.Devices, systems []guest.OS) {
	if len(systems) < 2 {
		return
	}
	for i := range systems {
		systems[i].SubvolumeID = subvolumeID(g, devices.RootMount(systems[i].Root))
	}
}

// handleFiles are the files of what is mounted, within a call.
type handleFiles struct{ g *guestfs.Guestfs }

var _ guest.Files = handleFiles{}

// ReadFile implements guest.Files.
func (f handleFiles) ReadFile(name string) ([]byte, error) { return readFile(f.g, name) }

// Stat implements guest.Files.
func (f handleFiles) Stat(name string) (guest.FileInfo, error) { return fileInfo(f.g.Statns(name)) }

// Lstat implements guest.Files.
func (f handleFiles) Lstat(name string) (guest.FileInfo, error) { return fileInfo(f.g.Lstatns(name)) }

// Readlink implements guest.Files.
func (f handleFiles) Readlink(name string) (string, error) { return f.g.Readlink(name) }

func fileInfo(st *guestfs.StatNS, err error) (guest.FileInfo, error) {
	if err != nil {
		return guest.FileInfo{}, err
	}
	return guest.FileInfo{Mode: fileMode(st.St_mode), Size: st.St_size, UID: int(st.St_uid), GID: int(st.St_gid)}, nil
}
