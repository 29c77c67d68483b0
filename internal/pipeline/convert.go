package pipeline

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// conversion is the copying of one disk.
type conversion struct {
	disk source.Disk
	// from is the disk, or the overlay on it.
	from qemuimg.Image
	to   string
}

// convert copies the disks into the output format.
func (r *run) convert() (report.StageResult, error) {
	trimmed, err := r.trim()
	if err != nil {
		return nil, err
	}
	if err := r.closeSession(); err != nil {
		return nil, err
	}
	conversions, err := r.conversions()
	if err != nil {
		return nil, err
	}
	var total, done int64
	var images []qemuimg.Image
	for _, c := range conversions {
		total += c.disk.VirtualSize
		images = append(images, c.from)
	}
	if err := r.checkSpace(images); err != nil {
		return nil, err
	}
	result := report.Conversion{Trimmed: trimmed}
	copied := r.progressUntil(almost)
	for _, c := range conversions {
		converted, err := r.copyDisk(c, func(percent float64) {
			part := percent / 100 * float64(c.disk.VirtualSize)
			copied(100*(float64(done)+part)/float64(max(total, 1)), "converting "+filepath.Base(c.to))
		})
		if err != nil {
			// A changed source, or a wrong checksum, says best why it cannot be read.
			return nil, cmp.Or(r.sourceFailure(), err)
		}
		done += c.disk.VirtualSize
		result.Images = append(result.Images, converted)
	}
	if err := r.verifySource(); err != nil {
		return nil, err
	}
	if !r.manifest.Pipeline.Validate.Enabled {
		return result, r.publish()
	}
	return result, nil
}

// conversions lists what has to be copied, the boot disk first.
func (r *run) conversions() ([]conversion, error) {
	order := r.bootOrder()
	var conversions []conversion
	for position, path := range r.manifest.OutputPaths(len(order)) {
		n := order[position]
		c := conversion{disk: r.source.Disks[n], from: r.source.Disks[n].Image, to: path}
		if r.overlays != nil {
			c.from = qemuimg.Image{Path: r.overlays[n], Format: "qcow2"}
		}
		conversions = append(conversions, c)
	}
	return conversions, nil
}

// copyDisk writes one image under a temporary name.
func (r *run) copyDisk(c conversion, progress func(percent float64)) (report.ConvertedImage, error) {
	format, options := string(r.manifest.Output.Format), r.manifest.Pipeline.Convert
	temporary, err := r.artifacts.Temporary(c.to)
	if err != nil {
		return report.ConvertedImage{}, err
	}
	if options.Compress {
		err = r.compress(c.from, temporary, progress)
	} else {
		err = qemuimg.Convert(r.ctx, qemuimg.ConvertOptions{
			Source: c.from, Dest: temporary, Format: format, Layout: r.layout(), Progress: progress,
		})
	}
	if err != nil {
		return report.ConvertedImage{}, fmt.Errorf("converting %s to %s: %w", c.disk.Name, c.to, err)
	}
	written, err := os.Stat(temporary)
	if err != nil {
		return report.ConvertedImage{}, fmt.Errorf("reading back what was written for %s: %w", c.to, err)
	}
	r.images = append(r.images, image{
		temporary: temporary, final: c.to, format: format,
		kind: report.ArtifactConvertedImage, virtualSize: c.disk.VirtualSize,
	})
	return report.ConvertedImage{
		Path: c.to, Source: c.disk.Name, Format: format, VirtualSize: c.disk.VirtualSize,
		SizeBytes: written.Size(), Compressed: options.Compress,
	}, nil
}

// layout is how the output's files are laid out.
func (r *run) layout() qemuimg.Layout {
	options := r.manifest.Pipeline.Convert
	layout := qemuimg.Layout{Preallocation: string(options.Preallocation)}
	if options.ClusterSize != nil {
		layout.ClusterSize = *options.ClusterSize
	}
	return layout
}

// trim discards unused blocks in the overlay, so that they are not copied. It
// saves time and space and is never worth failing for.
func (r *run) trim() (bool, error) {
	if r.session == nil {
		return false, nil
	}
	if r.system != nil && r.system.hibernated {
		// Not a bit of it may change, and inspection may have replayed journals.
		r.overlays = nil
		r.warn("the guest is hibernated: it is copied as it is, deleted blocks included, and will go on where it was suspended, on other hardware",
			"start it on the old machine, shut it down, and migrate it then")
		return false, nil
	}
	r.progress(0, "trimming what the guest does not use")
	failures, err := r.session.Trim()
	if err != nil {
		return false, fmt.Errorf("trimming the guest's disks: %w", err)
	}
	for _, err := range failures {
		r.warn("deleted blocks are copied along: "+err.Error(), "")
	}
	return len(failures) == 0, nil
}
