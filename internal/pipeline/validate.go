package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// validated is what the validate stage has seen.
type validated struct{ report report.Validation }

func (v validated) result() report.StageResult { return v.report }

// validate looks at the written images before anybody else can, and publishes
// those that are sound.
func validate(ctx context.Context, j job, o opened, images []image, t target, tried trial) (validated, error) {
	var seen validated
	say := j.say.progressUntil(checkedUntil(j.manifest))
	for n, image := range images {
		say(100*float64(n)/float64(len(images)), "checking "+image.final)
		checked, err := validateImage(ctx, image, j.manifest.Pipeline.Validate.CheckImageIntegrity)
		if err != nil {
			return validated{}, err
		}
		seen.report.Images = append(seen.report.Images, checked)
	}
	if j.manifest.Pipeline.Validate.Boot.Enabled {
		kept, err := prove(ctx, j, o, images, t, tried, &seen.report)
		if err != nil {
			return validated{}, err
		}
		images = append(slices.Clone(images), kept...)
	}
	return seen, j.out.publish(ctx, o.artifacts, images)
}

// checkedUntil is how far the stage is when the images are checked, in percent.
func checkedUntil(m *manifest.Manifest) float64 {
	if m.Pipeline.Validate.Boot.Enabled {
		return 10
	}
	return 100
}

// validateImage opens one image as written and, where asked, runs the format's
// own consistency check.
func validateImage(ctx context.Context, i image, integrity bool) (report.ValidatedImage, error) {
	written := qemuimg.Image{Path: i.temporary, Format: i.format}
	info, err := qemuimg.GetInfo(ctx, written)
	if err != nil {
		return report.ValidatedImage{}, fmt.Errorf("opening %s as written: %w", i.final, err)
	}
	if info.VirtualSize < i.virtualSize {
		return report.ValidatedImage{}, fmt.Errorf("%s has a virtual size of %d bytes, its source %d", i.final, info.VirtualSize, i.virtualSize)
	}
	seen := report.ValidatedImage{Path: i.final, Format: info.Format, VirtualSize: info.VirtualSize}
	if integrity {
		check, err := qemuimg.Check(ctx, written)
		if err != nil {
			return report.ValidatedImage{}, fmt.Errorf("checking %s: %w", i.final, err)
		}
		seen.Integrity = string(check.State)
	}
	return seen, nil
}
