package measure

import (
	"context"
	"fmt"
	"maps"
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
	ways := []string{results.Ours, results.QEMUImg}
	needed := false
	for _, kind := range compressions {
		needed = needed || b.missing(kind, ways, b.Rounds)
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
		err := b.inTurn(kind, b.Rounds, ways, func(way, directory string) (results.Sample, error) {
			return b.compressOnce(ctx, kind, way, overlay, directory, nil)
		})
		if err != nil {
			return err
		}
		for level := 1; level <= levels; level++ {
			way := results.LevelWay(level)
			err := b.sampleInto(results.Key{Case: kind, Way: way, Round: 1}, func(directory string) (results.Sample, error) {
				return b.compressOnce(ctx, kind, way, overlay, directory, object{"compress_level": level})
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Bench) compressOnce(ctx context.Context, kind, way, overlay, directory string, more object) (s results.Sample, err error) {
	image := filepath.Join(directory, imageName)
	if way == results.QEMUImg {
		s, err = b.copyImage(ctx, overlay, "qcow2", image, "-c", "-m", "16", "-o", "compression_type="+kind)
	} else {
		options := object{"compress": true, "compression_type": kind}
		maps.Copy(options, more)
		s, err = b.migrate(ctx, migration{sourceType: "qcow2", source: overlay, pipeline: onlyConvert(options), directory: directory})
	}
	if err != nil {
		return s, err
	}
	return s, b.verify(ctx, overlay, image)
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
