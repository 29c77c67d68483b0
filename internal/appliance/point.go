//go:build cgo && linux

package appliance

import (
	"path"
	"slices"

	"libguestfs.org/guestfs"
)

// point is where a file system of the guest is mounted.
type point struct {
	path string // without links
	// made are the directories that were not there before, the deepest one first.
	made []string
}

// makePoint makes the directory that something is to be mounted on, where it is
// not there, as systemd does at each boot. It returns what it has made, the deepest
// one first, also with an error.
func makePoint(g *guestfs.Guestfs, name string) (made []string, err error) {
	if link, err := g.Is_symlink(name); err != nil || link {
		return nil, err // systemd makes nothing there
	}
	var missing []string
	for ; name != "/"; name = path.Dir(name) {
		there, err := g.Exists(name)
		if err != nil {
			return nil, err
		}
		if there {
			break
		}
		missing = append(missing, name)
	}
	for n, name := range slices.Backward(missing) {
		if err := g.Mkdir_mode(name, 0o755); err != nil {
			return missing[n+1:], err
		}
	}
	return missing, nil
}

func removeDirectories(g *guestfs.Guestfs, names []string) error {
	for _, name := range names {
		if err := g.Rmdir(name); err != nil {
			return err
		}
	}
	return nil
}

// unmount unmounts the guest, and removes the directories that were made for its
// mounts: the guest makes them itself, with the labels that they have to have.
func (s *Session) unmount(g *guestfs.Guestfs) error {
	points := s.points
	s.points, s.ntfs = nil, false
	if slices.ContainsFunc(points, func(p point) bool { return len(p.made) > 0 }) {
		for _, p := range slices.Backward(points) {
			if err := g.Umount(p.path, nil); err != nil {
				return err
			}
			if err := removeDirectories(g, p.made); err != nil {
				return err
			}
		}
	}
	return g.Umount_all()
}
