//go:build cgo && linux

package appliance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// CheckFilesystem looks for damage in a file system that is not mounted. A
// journal that was not replayed is replayed, as every mount does; beyond that
// nothing is written. The error wraps ErrDamaged, ErrNotChecked, or is that of
// the session.
func (s *Session) CheckFilesystem(device guest.Device) error {
	checker, ok := checkers[device.FSType]
	if !ok {
		return fmt.Errorf("%w: there is no quick check for %s", ErrNotChecked, device.FSType)
	}
	return s.call("check the file system", device.Name, func(g *guestfs.Guestfs) error {
		devices, err := s.listDevices(g)
		if err != nil {
			return err
		}
		if !devices.HasUUIDAlone(device) {
			return fmt.Errorf("%w: it has no UUID of its own", ErrNotChecked)
		}
		err = checker.run(g, device)
		if !errors.Is(err, ErrDamaged) {
			return err
		}
		// A journal that is not replayed looks like damage.
		if err := g.Mount(device.Name, "/"); err != nil {
			return fmt.Errorf("%w: it cannot be mounted: %w", ErrDamaged, cleanError(err))
		}
		if err := g.Umount("/", nil); err != nil {
			return err
		}
		return checker.run(g, device)
	})
}

// checkScript runs the checker on the file system with a UUID and ends its
// report with the exit status. The appliance's kernel may number disks
// otherwise than libguestfs shows them, so no name of a disk is used.
const (
	checkScript = `d=$(findfs UUID=%s) && { %s "$d"; } 2>&1 </dev/null; echo "` + exitMark + `$?"`
	exitMark    = "check-exit="
)

var plainUUID = regexp.MustCompile(`^[0-9a-fA-F-]+$`)

// run goes through the appliance's shell: libguestfs' own calls repair, or give
// no report.
func (c checker) run(g *guestfs.Guestfs, device guest.Device) error {
	if !plainUUID.MatchString(device.UUID) {
		return fmt.Errorf("%w: its UUID is %q", ErrNotChecked, device.UUID)
	}
	output, err := g.Debug("sh", []string{fmt.Sprintf(checkScript, device.UUID, c.command)})
	if err != nil {
		return err
	}
	report, status, _ := strings.Cut(output, exitMark)
	return c.verdict(strings.TrimSpace(status), report)
}
