//go:build cgo && linux

package appliance

import (
	"context"
	"errors"

	"libguestfs.org/guestfs"
)

// Layer puts a new qcow2 image on top of each disk, at layers in the order of the
// drives, which must be absolute paths of nothing yet. All that was written is
// below then, in images that change no more; what is written from now on is in the
// layers alone. It unmounts the guest. After an error the disks are as they were.
func (s *Session) Layer(layers []string) error {
	return s.call("put layers on the disks", "", func(g *guestfs.Guestfs) error {
		if s.monitor == nil || len(layers) != len(s.drives) {
			return errors.New("the appliance was not launched for it")
		}
		if err := s.unmount(g); err != nil {
			return err
		}
		if err := g.Sync(); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(s.ctx, monitorPatience)
		defer cancel()
		qemu, err := s.monitor.dial(ctx)
		if err != nil {
			return err
		}
		defer qemu.Close() //nolint:errcheck // nothing is lost
		return layOver(ctx, qemu, imagesOf(s.drives), layers)
	})
}
