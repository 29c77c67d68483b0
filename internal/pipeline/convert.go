package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// converted is what the convert stage has written.
type converted struct {
	report report.Conversion
	images []image
	trial  trial
}

func (c converted) result() report.StageResult { return c.report }

// conversion is the copying of one disk.
type conversion struct {
	disk source.Disk
	// from is the disk, or the overlay on it.
	from  qemuimg.Image
	to    string
	layer string
	// sectorSize is of the disk, in bytes; 0 where it is the usual.
	sectorSize int
}

// convert copies the disks into the output format.
func convert(ctx context.Context, j job, o opened, disks medium) (converted, error) {
	content, err := disks.release(ctx, j)
	if err != nil {
		return converted{}, err
	}
	conversions := conversionsOf(j, o, content)
	var total, done int64
	var images []sized
	for _, c := range conversions {
		total += c.disk.VirtualSize
		images = append(images, sized{c.from, c.disk.VirtualSize})
	}
	if err := j.capacity().check(ctx, images); err != nil {
		return converted{}, err
	}
	written := converted{trial: content.trial, report: report.Conversion{Trimmed: content.trimmed}}
	copied := j.say.progressUntil(almost)
	for _, c := range conversions {
		image, described, err := copyDisk(ctx, j.manifest, o, c, func(percent float64) {
			part := percent / 100 * float64(c.disk.VirtualSize)
			copied(100*(float64(done)+part)/float64(max(total, 1)), "converting "+filepath.Base(c.to))
		})
		if err != nil {
			// A changed source, or a wrong checksum, says best why it cannot be read.
			return converted{}, cmp.Or(sourceFailure(o.source), err)
		}
		done += c.disk.VirtualSize
		written.images = append(written.images, image)
		written.report.Images = append(written.report.Images, described)
	}
	if err := verifySource(j, o.source); err != nil {
		return converted{}, err
	}
	if !j.manifest.Pipeline.Validate.Enabled {
		return written, j.out.publish(ctx, o.artifacts, written.images)
	}
	return written, nil
}

// conversionsOf lists what has to be copied, the boot disk first.
func conversionsOf(j job, o opened, from content) []conversion {
	order := bootOrder(j.say, o.source.Disks, from.bootDisk, from.bootDiskCertain)
	var conversions []conversion
	for position, path := range j.manifest.OutputPaths(len(order)) {
		n := order[position]
		conversions = append(conversions, conversion{
			disk: o.source.Disks[n], from: from.images[n], to: path, layer: from.trial.layer(n), sectorSize: o.unusualSector(n),
		})
	}
	return conversions
}

// copyDisk writes one image under a temporary name.
func copyDisk(ctx context.Context, m *manifest.Manifest, o opened, c conversion, progress func(percent float64)) (image, report.ConvertedImage, error) {
	format, options := string(m.Output.Format), m.Pipeline.Convert
	temporary, err := o.artifacts.Temporary(c.to)
	if err != nil {
		return image{}, report.ConvertedImage{}, err
	}
	endWriteback := beginWriteback(temporary, layout(m))
	if options.Compress {
		err = compress(ctx, options, c.from, temporary, o.artifacts.Dir(), progress)
	} else {
		err = qemuimg.Convert(ctx, qemuimg.ConvertOptions{
			Source: c.from, Dest: temporary, Format: format, Layout: layout(m), Progress: progress,
		})
	}
	endWriteback()
	if err != nil {
		return image{}, report.ConvertedImage{}, fmt.Errorf("converting %s to %s: %w", c.disk.Name, c.to, err)
	}
	written, err := os.Stat(temporary)
	if err != nil {
		return image{}, report.ConvertedImage{}, fmt.Errorf("reading back what was written for %s: %w", c.to, err)
	}
	return image{
			temporary: temporary, final: c.to, format: format,
			kind: report.ArtifactConvertedImage, virtualSize: c.disk.VirtualSize, layer: c.layer, sectorSize: c.sectorSize,
		}, report.ConvertedImage{
			Path: c.to, Source: c.disk.Name, Format: format, VirtualSize: c.disk.VirtualSize,
			SizeBytes: written.Size(), Compressed: options.Compress,
		}, nil
}

// layout is how the output's files are laid out.
func layout(m *manifest.Manifest) qemuimg.Layout {
	options := m.Pipeline.Convert
	layout := qemuimg.Layout{Preallocation: string(options.Preallocation)}
	if options.ClusterSize != nil {
		layout.ClusterSize = *options.ClusterSize
	}
	return layout
}
