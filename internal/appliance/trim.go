//go:build cgo && linux

package appliance

import (
	"errors"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// trimmable are the file systems whose drivers in the appliance can discard
// free blocks.
var trimmable = map[string]bool{
	"ext2": true, "ext3": true, "ext4": true, "xfs": true, "btrfs": true, "f2fs": true, "vfat": true, "ntfs": true,
}

// Trim discards what the guest does not use, so that it is not copied: the free
// blocks of every file system, what swap areas hold, and what volume groups have
// left. It unmounts the guest: nothing but a check of the file systems and Close
// should follow. Each of the failures is about one device and costs nothing but
// space. After an error the disks must not be used.
func (s *Session) Trim() (failures []error, err error) {
	devices, unready := s.Devices()
	if unready == nil {
		unready = s.Unmount()
	}
	if unready != nil {
		// Nothing was touched: what is unused is copied, and no more.
		return []error{unready}, nil //nolint:nilerr
	}
	groups := false
	for _, device := range devices {
		groups = groups || device.Kind == guest.KindLV || device.FSType == guest.FSTypeLVM
		discard := discarder(device)
		if discard == nil {
			continue
		}
		failure := s.call("discard what is unused of", device.Name, discard)
		if errors.Is(failure, errSwapHeader) {
			return failures, failure
		}
		if failure != nil && !s.closedToDiscards(failure) {
			failures = append(failures, failure)
		}
		if s.ctx.Err() != nil {
			groups = false
			break
		}
	}
	if groups {
		if err := s.call("discard the free space of volume groups", "", discardFreeExtents); err != nil {
			failures = append(failures, err)
		}
	}
	return failures, nil
}

// discarder is what discards the unused part of a device, or nil. A swap area
// that holds a suspended guest has another type.
func discarder(device guest.Device) func(*guestfs.Guestfs) error {
	switch {
	case trimmable[device.FSType]:
		return func(g *guestfs.Guestfs) error { return trim(g, device.Name) }
	case device.FSType == guest.FSTypeSwap:
		return func(g *guestfs.Guestfs) error { return discardSwap(g, device) }
	}
	return nil
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
