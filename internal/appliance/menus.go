//go:build cgo && linux

package appliance

import (
	"slices"
	"strings"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// menuFilesystems are those that boot loaders read their menus from.
var menuFilesystems = []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat"}

// Menus reads the menus of boot loaders on all file systems: what tells several
// systems apart. What cannot be mounted or read tells nothing. What was mounted is
// not mounted any more afterwards.
func (s *Session) Menus() ([]guest.Menu, error) {
	var menus []guest.Menu
	err := s.call("read the boot menus", "", func(g *guestfs.Guestfs) error {
		devices, err := s.listDevices(g)
		if err != nil {
			return err
		}
		if devices.Hibernated() != "" {
			return nil // nothing of it is mounted
		}
		seen := map[string]bool{} // the btrfs of which one device was read
		for _, d := range devices {
			if !slices.Contains(menuFilesystems, d.FSType) || seen[d.UUID] {
				continue
			}
			options := "ro"
			if d.FSType == "btrfs" {
				options, seen[d.UUID] = "ro,subvolid=5", true
			}
			if err := s.ctx.Err(); err != nil {
				return err
			}
			if err := g.Mount_options(options, d.Name, "/"); err != nil {
				continue
			}
			read := func(name string) ([]byte, error) { return readFile(g, name) }
			menus = append(menus, guest.FindMenus(d.Name, g.Ls, read)...)
			if err := g.Umount_all(); err != nil {
				return err
			}
		}
		return nil
	})
	return menus, err
}

// subvolumeID is the number of the btrfs subvolume that a root is, or 0.
func subvolumeID(g *guestfs.Guestfs, root guest.Mount) int64 {
	if root.FSType != "btrfs" {
		return 0
	}
	name, named := strings.CutPrefix(root.Options, "subvol=")
	if !named {
		id, err := g.Btrfs_subvolume_get_default(root.Device)
		if err != nil {
			return 0
		}
		return id
	}
	subvolumes, err := g.Btrfs_subvolume_list(root.Device)
	if err != nil {
		return 0
	}
	for _, subvolume := range *subvolumes {
		if subvolume.Btrfssubvolume_path == name {
			return int64(subvolume.Btrfssubvolume_id)
		}
	}
	return 0
}
