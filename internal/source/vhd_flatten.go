package source

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// flattenVHD writes a chain of differencing images, topmost first, into one raw
// file in the work directory: QEMU would read the top alone and take all that
// it does not hold for zeroes.
func (r *imageReader) flattenVHD(ctx context.Context, chain []vhdImage) (layer, error) {
	if r.probing {
		return layer{}, &packedError{}
	}
	top, base := chain[0], chain[len(chain)-1]
	path := r.work.file("raw")
	r.warn(report.ConcernUnpacked, "to save the space and the time, merge the disk in Hyper-V first (Merge-VHD)",
		"%s is a differencing VHD; it is merged with its %d parents in %s, which takes as much space as the disk holds",
		top.name, len(chain)-1, r.work.path)
	err := qemuimg.Convert(ctx, qemuimg.ConvertOptions{Source: base.qemuImage(), Dest: path, Format: "raw"})
	if err != nil {
		return layer{}, fmt.Errorf("merging %s: %w", base.name, err)
	}
	merged, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return layer{}, err
	}
	defer func() { _ = merged.Close() }()
	if err := merged.Truncate(top.footer.size); err != nil {
		return layer{}, fmt.Errorf("merging %s: %w", top.name, err)
	}
	for n := len(chain) - 2; n >= 0; n-- {
		if err := applyVHD(ctx, chain[n], merged, top.footer.size); err != nil {
			return layer{}, fmt.Errorf("merging %s into %s: %w", chain[n].name, path, err)
		}
	}
	if err := merged.Close(); err != nil {
		return layer{}, fmt.Errorf("merging %s: %w", top.name, err)
	}
	return layer{image: qemuimg.Image{Path: path, Format: "raw"}, name: top.name, temporary: true}, nil
}

// applyVHD writes the sectors that a differencing image holds over its parent's.
func applyVHD(ctx context.Context, image vhdImage, into io.WriterAt, end int64) error {
	sectors := int64(image.header.block) / sectorSize
	for n, block := range image.blocks {
		if block == noBlock {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		start := int64(block) * sectorSize
		bitmap, err := image.read(start, (sectors+7)/8)
		if err != nil {
			return err
		}
		data, err := image.read(start+image.bitmapSize(), int64(image.header.block))
		if err != nil {
			return err
		}
		held := func(sector int64) bool { return bitmap[sector/8]&(0x80>>(sector%8)) != 0 }
		for from := int64(0); from < sectors; {
			to := from
			for to < sectors && held(to) {
				to++
			}
			at := int64(n)*int64(image.header.block) + from*sectorSize
			if length := min((to-from)*sectorSize, end-at); length > 0 {
				if _, err := into.WriteAt(data[from*sectorSize:from*sectorSize+length], at); err != nil {
					return err
				}
			}
			from = to + 1
		}
	}
	return nil
}
