//go:build cgo && linux

package guest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"libguestfs.org/guestfs"
)

// CheckFilesystem reads an ext2/3/4 or XFS file system that is not mounted and
// returns an error that says what is inconsistent in it. Nothing is repaired;
// only a journal that was not replayed is, as every mount does. Other file
// systems are not checked.
func (s *Session) CheckFilesystem(device Device) error {
	check := map[string]func(*guestfs.Guestfs, Device) error{
		"ext2": checkExt, "ext3": checkExt, "ext4": checkExt, "xfs": checkXFS,
	}[device.FSType]
	if check == nil {
		return nil
	}
	return s.call("check the file system", device.Name, func(g *guestfs.Guestfs) error {
		// A journal that is not replayed looks like damage.
		if err := g.Mount(device.Name, "/"); err != nil {
			return mountError(device.Name, "it", err)
		}
		if err := g.Umount("/", nil); err != nil {
			return err
		}
		return check(g, device)
	})
}

var plainUUID = regexp.MustCompile(`^[0-9a-fA-F-]+$`)

// checkExt goes through the appliance's shell: libguestfs' own e2fsck call
// always repairs. The device goes by UUID, because the appliance's kernel may
// number disks otherwise than libguestfs shows them.
func checkExt(g *guestfs.Guestfs, device Device) error {
	if !plainUUID.MatchString(device.UUID) {
		return nil
	}
	const failed = "e2fsck-exit="
	output, err := g.Debug("sh", []string{fmt.Sprintf("e2fsck -f -n UUID=%s 2>&1 || echo %s$?", device.UUID, failed)})
	if err != nil {
		return err
	}
	report, status, found := strings.Cut(output, failed)
	if !found {
		return nil
	}
	return fmt.Errorf("it is damaged (e2fsck -n ended with status %s): %s", strings.TrimSpace(status), strings.TrimSpace(report))
}

func checkXFS(g *guestfs.Guestfs, device Device) error {
	status, err := g.Xfs_repair(device.Name, &guestfs.OptargsXfs_repair{Nomodify_is_set: true, Nomodify: true})
	if err != nil {
		return err
	}
	if status != 0 {
		return errors.New("it is damaged (xfs_repair -n found inconsistencies): start the guest and repair it there")
	}
	return nil
}
