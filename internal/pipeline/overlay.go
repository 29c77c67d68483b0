package pipeline

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// makeOverlays puts a temporary qcow2 in front of every disk of the source, so
// that nothing is ever written to the source.
func makeOverlays(ctx context.Context, disks []source.Disk, work string) ([]string, error) {
	var overlays []string
	for n, disk := range disks {
		overlay := filepath.Join(work, fmt.Sprintf("disk%d.overlay.qcow2", n+1))
		if err := qemuimg.CreateOverlay(ctx, overlay, disk.Image, disk.VirtualSize); err != nil {
			return nil, fmt.Errorf("making an overlay on %s: %w", disk.Name, err)
		}
		overlays = append(overlays, overlay)
	}
	return overlays, nil
}
