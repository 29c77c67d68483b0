package measure

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// compressions are the types that both we and qemu-img write.
var compressions = []string{"zlib", "zstd"}

// levels are 1 to 9.
const levels = 9

// compress measures compressed images: each level once, and the default beside
// qemu-img in turn. Every image is checked and compared with what it was made of.
func (b *Bench) compress(ctx context.Context) error {
	needed := false
	for _, kind := range compressions {
		needed = needed || b.missing(kind, []string{results.Ours, results.QEMUImg}, b.Rounds)
		for level := 1; level <= levels; level++ {
			needed = needed || b.missing(kind, []string{results.LevelWay(level)}, 1)
		}
	}
	if !needed {
		return nil
	}
	base, err := b.guestAsQCOW2(ctx)
	if err != nil {
		return err
	}
	overlay, err := b.overlayOf(ctx, base)
	if err != nil {
		return err
	}
	for _, kind := range compressions {
		for round := 1; round <= b.Rounds; round++ {
			for _, way := range []string{results.Ours, results.QEMUImg} {
				if err := b.compressOnce(ctx, kind, way, overlay, round, nil); err != nil {
					return err
				}
			}
		}
		for level := 1; level <= levels; level++ {
			if err := b.compressOnce(ctx, kind, results.LevelWay(level), overlay, 1, object{"compress_level": level}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Bench) compressOnce(ctx context.Context, kind, way, overlay string, round int, more object) error {
	return b.sample(results.Key{Case: kind, Way: way, Round: round}, func() (s results.Sample, err error) {
		err = b.fresh(func(directory string) error {
			image := filepath.Join(directory, imageName)
			if way == results.QEMUImg {
				s, err = b.copyImage(ctx, overlay, "qcow2", image, "-c", "-m", "16", "-o", "compression_type="+kind)
			} else {
				options := object{"compress": true, "compression_type": kind}
				for name, value := range more {
					options[name] = value
				}
				s, err = b.migrate(ctx, migration{sourceType: "qcow2", source: overlay, pipeline: onlyConvert(options), directory: directory})
			}
			if err != nil {
				return err
			}
			return b.verify(ctx, overlay, image)
		})
		return s, err
	})
}

// verify checks an image and compares its content with its source's.
func (b *Bench) verify(ctx context.Context, source, image string) error {
	if err := b.plain(ctx, "qemu-img", "check", "-f", "qcow2", image); err != nil {
		return fmt.Errorf("checking the image: %w", err)
	}
	if err := b.plain(ctx, "qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", source, image); err != nil {
		return fmt.Errorf("comparing the image with its source: %w", err)
	}
	return nil
}
