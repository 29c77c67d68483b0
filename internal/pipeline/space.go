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

// sized is an image that is to be copied. Its size, in bytes, is what its guest sees
// of it; 0 where that is not known.
type sized struct {
	image qemuimg.Image
	size  int64
}

// sizedDisks are the source's disks as they are.
func sizedDisks(disks []source.Disk) []sized {
	var all []sized
	for _, disk := range disks {
		all = append(all, sized{disk.Image, disk.VirtualSize})
	}
	return all
}

// check refuses to write copies of the images that cannot all fit.
func (c capacity) check(ctx context.Context, images []sized) error {
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
	shortage, certain, err := j.capacity().shortage(ctx, sizedDisks(disks))
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
func (c capacity) shortage(ctx context.Context, images []sized) (shortage error, certain bool, err error) {
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
// bytes. What compression saves cannot be known: nothing is required. Images that fit
// whatever they hold are not measured, which goes through all their tables.
func (c capacity) measure(ctx context.Context, images []sized) (required, free int64, err error) {
	if c.manifest.Pipeline.Convert.Compress {
		return 0, 0, nil
	}
	free, err = c.free(existing(c.manifest.OutputDirectory()))
	if err != nil {
		return 0, 0, fmt.Errorf("reading the free space of %s: %w", c.manifest.OutputDirectory(), err)
	}
	if most, known := mostOf(images); known && most <= free {
		return most, free, nil
	}
	for _, i := range images {
		size, err := qemuimg.Measure(ctx, i.image, string(c.manifest.Output.Format), layout(c.manifest))
		if err != nil {
			return 0, 0, fmt.Errorf("measuring how much space is needed: %w", err)
		}
		required += size
	}
	return required, free, nil
}

// mostOf is more than copies of the images take together, in bytes, if their sizes
// are known: the tables of no format, in clusters of any size, take a 32nd.
func mostOf(images []sized) (most int64, known bool) {
	known = true
	for _, i := range images {
		known = known && i.size > 0
		most += i.size + i.size/32 + 64<<20
	}
	return most, known
}
