//go:build cgo && linux

package appliance

import (
	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// mountESP mounts the EFI system partition of a Linux guest that leaves that to
// systemd's generator. Where it cannot be found or mounted there is no error:
// the guest may have one and not use it.
func (s *Session) mountESP(g *guestfs.Guestfs, devices guest.Devices, mounted []guest.Mount) []guest.Mount {
	disks, err := s.readTables(g)
	if err != nil {
		return mounted
	}
	esp, ok := devices.PlanESP(mounted, parttable.ESPs(disks), func(directory string) ([]string, error) { return g.Ls(directory) })
	return s.mountPlannedESP(g, mounted, esp, ok)
}

// mountWindowsESP is the same for a Windows guest, of which the root alone is mounted.
func (s *Session) mountWindowsESP(g *guestfs.Guestfs, devices guest.Devices, mounted []guest.Mount) []guest.Mount {
	disks, err := s.readTables(g)
	if err != nil {
		return mounted
	}
	esp, ok := devices.PlanWindowsESP(mounted[0], parttable.ESPs(disks))
	return s.mountPlannedESP(g, mounted, esp, ok)
}

func (s *Session) mountPlannedESP(g *guestfs.Guestfs, mounted []guest.Mount, esp guest.Mount, planned bool) []guest.Mount {
	if !planned || s.mountPlanned(g, guest.PlannedMount{Mount: esp}) != nil {
		return mounted
	}
	return append(mounted, esp)
}
