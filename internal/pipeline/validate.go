package pipeline

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// validate looks at the written images before anybody else can, and publishes
// those that are sound.
func (r *run) validate() (report.StageResult, error) {
	var result report.Validation
	for n, image := range r.images {
		r.progress(100*float64(n)/float64(len(r.images)), "checking "+image.final)
		written := qemuimg.Image{Path: image.temporary, Format: image.format}
		info, err := qemuimg.GetInfo(r.ctx, written)
		if err != nil {
			return nil, fmt.Errorf("opening %s as written: %w", image.final, err)
		}
		if info.VirtualSize < image.virtualSize {
			return nil, fmt.Errorf("%s has a virtual size of %d bytes, its source %d", image.final, info.VirtualSize, image.virtualSize)
		}
		validated := report.ValidatedImage{Path: image.final, Format: info.Format, VirtualSize: info.VirtualSize}
		if r.manifest.Pipeline.Validate.CheckImageIntegrity {
			if validated.Integrity, err = r.checkIntegrity(written, image.final); err != nil {
				return nil, err
			}
		}
		result.Images = append(result.Images, validated)
	}
	return result, r.publish()
}

// checkIntegrity runs the format's own consistency check.
func (r *run) checkIntegrity(written qemuimg.Image, final string) (string, error) {
	check, err := qemuimg.Check(r.ctx, written)
	if err != nil {
		return "", fmt.Errorf("checking %s: %w", final, err)
	}
	return string(check.State), nil
}
