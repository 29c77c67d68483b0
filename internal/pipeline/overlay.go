package pipeline

import (
	"fmt"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// makeOverlays puts a temporary qcow2 in front of every disk of the source, so
// that nothing is ever written to the source.
func (r *run) makeOverlays() error {
	if r.overlays != nil {
		return nil
	}
	for n, disk := range r.source.Disks {
		overlay := filepath.Join(r.artifacts.Dir(), fmt.Sprintf("disk%d.overlay.qcow2", n+1))
		if err := qemuimg.CreateOverlay(r.ctx, overlay, disk.Image, disk.VirtualSize); err != nil {
			return fmt.Errorf("making an overlay on %s: %w", disk.Name, err)
		}
		r.overlays = append(r.overlays, overlay)
	}
	return nil
}
