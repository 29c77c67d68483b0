//go:build cgo && linux

package guest

import (
	"errors"
	"syscall"

	"libguestfs.org/guestfs"
)

// trimmable are the file systems whose drivers in the appliance can discard
// free blocks.
var trimmable = map[string]bool{
	"ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "f2fs": true, "vfat": true, "ntfs": true,
}

// Trim discards the free blocks of every file system on the disks, so that
// they are not copied. It unmounts the guest: nothing but a check of the file
// systems and Close should follow. Each error is about one file system and
// costs nothing but space.
func (s *Session) Trim() []error {
	devices, err := s.Devices()
	if err == nil {
		err = s.Unmount()
	}
	if err != nil {
		return []error{err}
	}
	var failures []error
	for _, device := range devices {
		// Free space that no file system accounts for belongs here too: swap
		// areas, and what volume groups have left.
		if !trimmable[device.FSType] {
			continue
		}
		err := s.call("discard the free blocks of", device.Name, func(g *guestfs.Guestfs) error {
			return trim(g, device.Name)
		})
		// What is encrypted was opened without discards, which would tell where
		// it has data.
		closed := errors.Is(err, syscall.ENOTSUP) && len(s.opened) > 0
		if err != nil && !closed {
			failures = append(failures, err)
		}
		if s.ctx.Err() != nil {
			break
		}
	}
	return failures
}

func trim(g *guestfs.Guestfs, device string) error {
	if err := g.Mount(device, "/"); err != nil {
		return err
	}
	err := g.Fstrim("/", nil)
	if umountErr := g.Umount("/", nil); err == nil {
		return umountErr
	}
	return err
}
