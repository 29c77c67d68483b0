package pipeline

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// convertResult is the result of convert.
type convertResult struct {
	Images []convertedImage `json:"images"`
	// Trimmed says whether deleted blocks were left out of the copy.
	Trimmed bool `json:"trimmed"`
}

// convertedImage is one image as convert wrote it. Sizes are in bytes.
type convertedImage struct {
	Path        string `json:"path"`
	Format      string `json:"format"`
	VirtualSize int64  `json:"virtual_size"`
	SizeBytes   int64  `json:"size_bytes"`
	Compressed  bool   `json:"compressed"`
}

// convert copies the disks into the output format.
func (r *run) convert() (any, error) {
	trimmed := r.trim()
	if err := r.closeSession(); err != nil {
		return nil, err
	}
	var total, done int64
	for _, disk := range r.source.Disks {
		total += disk.VirtualSize
	}
	format := string(r.manifest.Output.Format)
	result := convertResult{Trimmed: trimmed}
	for n, final := range r.manifest.OutputPaths(len(r.source.Disks)) {
		disk := r.source.Disks[n]
		from := disk.Image
		if r.overlays != nil {
			from = qemuimg.Image{Path: r.overlays[n], Format: "qcow2"}
		}
		if err := r.checkSpace(from, final); err != nil {
			return nil, err
		}
		temporary, err := r.artifacts.Temporary(final)
		if err != nil {
			return nil, err
		}
		err = qemuimg.Convert(r.ctx, qemuimg.ConvertOptions{
			Source:   from,
			Dest:     temporary,
			Format:   format,
			Compress: r.manifest.Pipeline.Convert.Compress,
			Progress: func(percent float64) {
				part := percent / 100 * float64(disk.VirtualSize)
				r.progress(100*(float64(done)+part)/float64(max(total, 1)), "converting "+filepath.Base(final))
			},
		})
		if err != nil {
			return nil, fmt.Errorf("converting %s to %s: %w", disk.Name, final, err)
		}
		done += disk.VirtualSize
		written, err := os.Stat(temporary)
		if err != nil {
			return nil, fmt.Errorf("reading back what was written for %s: %w", final, err)
		}
		r.images = append(r.images, image{
			temporary: temporary, final: final, format: format,
			kind: report.ArtifactConvertedImage, virtualSize: disk.VirtualSize,
		})
		result.Images = append(result.Images, convertedImage{
			Path: final, Format: format, VirtualSize: disk.VirtualSize,
			SizeBytes: written.Size(), Compressed: r.manifest.Pipeline.Convert.Compress,
		})
	}
	if err := r.source.Verify(); err != nil {
		return nil, fmt.Errorf("the source changed while it was read: %w", err)
	}
	if !r.manifest.Pipeline.Validate.Enabled {
		return result, r.publish()
	}
	return result, nil
}

// trim discards unused blocks in the overlay, so that they are not copied. It
// saves time and space and is never worth failing for.
func (r *run) trim() bool {
	if r.session == nil {
		return false
	}
	r.progress(0, "trimming file systems")
	failures := r.session.Trim()
	for _, err := range failures {
		r.warn("deleted blocks are copied along: "+err.Error(), "")
	}
	return len(failures) == 0
}

// checkSpace refuses a conversion that cannot fit into the output's file system.
func (r *run) checkSpace(from qemuimg.Image, final string) error {
	if r.manifest.Pipeline.Convert.Compress {
		return nil // nobody knows how far an image can be compressed
	}
	required, _, err := qemuimg.Measure(r.ctx, from, string(r.manifest.Output.Format))
	if err != nil {
		return fmt.Errorf("measuring what %s will take: %w", filepath.Base(final), err)
	}
	free, err := freeSpace(filepath.Dir(final))
	if err != nil {
		return fmt.Errorf("reading the free space of %s: %w", filepath.Dir(final), err)
	}
	if required > free {
		return withRemedy(
			fmt.Errorf("insufficient disk space in %s: %s needs %s, %s are free",
				filepath.Dir(final), filepath.Base(final), report.HumanSize(required), report.HumanSize(free)),
			"free space there, or choose another output.directory")
	}
	return nil
}
