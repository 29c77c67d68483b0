package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// existing is the directory, or the nearest above it that exists.
func existing(directory string) string {
	for {
		_, err := os.Stat(directory)
		if above := filepath.Dir(directory); err != nil && above != directory {
			directory = above
			continue
		}
		return directory
	}
}

// capacity compares what copies of images take with what the file system of the
// output directory has.
type capacity struct {
	manifest *manifest.Manifest
	free     func(directory string) (int64, error)
}

func (j job) capacity() capacity { return capacity{manifest: j.manifest, free: j.host.freeSpace} }

// check refuses to write copies of the images that cannot all fit.
func (c capacity) check(ctx context.Context, images []qemuimg.Image) error {
	required, free, err := c.measure(ctx, images)
	if err != nil || required <= free {
		return err
	}
	return c.insufficient(required, free)
}

func (c capacity) insufficient(required, free int64) error {
	return report.Concerning(report.ConcernSpace, remedy.With(fmt.Errorf("insufficient disk space in %s: %s are needed, %s are free",
		c.manifest.OutputDirectory(), report.HumanSize(required), report.HumanSize(free)), spaceRemedy))
}

// estimateSpace judges the space before any work.
func estimateSpace(ctx context.Context, j job, disks []source.Disk) error {
	var images []qemuimg.Image
	for _, disk := range disks {
		images = append(images, disk.Image)
	}
	shortage, certain, err := j.capacity().shortage(ctx, images)
	switch {
	case err != nil:
		return err
	case certain:
		return shortage
	case shortage != nil:
		j.say.find(report.ConcernSpace, shortage.Error(), spaceRemedy)
	}
	return nil
}

// shortage says what space copies of the images as they are would lack. What
// fix and inspect trim need not be copied, and nobody knows before how much that
// is: where they run, what would not fit may fit in the end.
func (c capacity) shortage(ctx context.Context, images []qemuimg.Image) (shortage error, certain bool, err error) {
	if c.manifest.Options.DryRun || !c.manifest.Pipeline.Convert.Enabled {
		return nil, false, nil
	}
	required, free, err := c.measure(ctx, images)
	if err != nil || required <= free {
		return nil, false, err
	}
	if len(applianceStages(c.manifest)) == 0 {
		return c.insufficient(required, free), true, nil
	}
	return remedy.With(fmt.Errorf("disk space in %s may not suffice: up to %s are needed, less what the guest has deleted, and %s are free",
		c.manifest.OutputDirectory(), report.HumanSize(required), report.HumanSize(free)), spaceRemedy), false, nil
}

const spaceRemedy = "free space there, or choose another output.directory"

// measure is what copies of the images take together, and what there is, both in
// bytes. What compression saves cannot be known: nothing is required.
func (c capacity) measure(ctx context.Context, images []qemuimg.Image) (required, free int64, err error) {
	if c.manifest.Pipeline.Convert.Compress {
		return 0, 0, nil
	}
	for _, image := range images {
		size, err := qemuimg.Measure(ctx, image, string(c.manifest.Output.Format), layout(c.manifest))
		if err != nil {
			return 0, 0, fmt.Errorf("measuring how much space is needed: %w", err)
		}
		required += size
	}
	free, err = c.free(existing(c.manifest.OutputDirectory()))
	if err != nil {
		return 0, 0, fmt.Errorf("reading the free space of %s: %w", c.manifest.OutputDirectory(), err)
	}
	return required, free, nil
}
