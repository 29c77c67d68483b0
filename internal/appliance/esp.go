//go:build cgo && linux

package appliance

import (
	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// mountESP mounts the EFI system partition of a guest that leaves that to
// systemd's generator. Where it cannot be found or mounted there is no error:
// the guest may have one and not use it. It is mounted on the first of the points
// that is there and free, or, where fixed says so, on the first one. The first of
// mounted is the root.
func (s *Session) mountESP(g *guestfs.Guestfs, devices guest.Devices, mounted []guest.Mount, points []string, fixed bool) (guest.Mount, bool) {
	disks, err := s.readTables(g)
	if err != nil {
		return guest.Mount{}, false
	}
	for _, esp := range devices.ESPs(mounted[0].Device, parttable.ESPs(disks)) {
		if isMounted(mounted, esp.Name) {
			return guest.Mount{}, false
		}
		for _, point := range points {
			if !fixed && !freePoint(g, point, mounted) {
				continue
			}
			planned := guest.PlannedMount{Mount: guest.Mount{Device: esp.Name, Path: point, FSType: esp.FSType}}
			if s.mountPlanned(g, planned) == nil {
				return planned.Mount, true
			}
			return guest.Mount{}, false
		}
	}
	return guest.Mount{}, false
}

func isMounted(mounted []guest.Mount, device string) bool {
	for _, mount := range mounted {
		if mount.Device == device {
			return true
		}
	}
	return false
}

// freePoint says that the directory is there for the partition to be mounted on.
func freePoint(g *guestfs.Guestfs, point string, mounted []guest.Mount) bool {
	for _, mount := range mounted {
		if mount.Path == point {
			return false
		}
	}
	names, err := g.Ls(point)
	return err == nil && (point != "/boot" || len(names) == 0)
}
