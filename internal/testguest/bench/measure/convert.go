package measure

import (
	"context"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// largerDisks are those on which few per cent are more than a program's start.
var largerDisks = []disk{{virtual: 12 * gib, live: 3 * gib}, {virtual: 12 * gib, live: 8 * gib}}

// onlyConvert copies, waits until the image is on the disk, and gives it its name.
func onlyConvert(options object) object {
	return object{"convert": options, "validate": object{"check_image_integrity": false}}
}

// convert measures the copying beside qemu-img over the same overlay. Both wait until the
// image is on the disk.
func (b *Bench) convert(ctx context.Context) error {
	if err := b.convertDisk(ctx, flagship, func() (string, error) { return b.guestAsQCOW2(ctx) }); err != nil {
		return err
	}
	for _, larger := range largerDisks {
		if larger.live > b.MostLive {
			continue
		}
		if err := b.convertDisk(ctx, larger.String(), func() (string, error) { return b.makeDisk(ctx, larger, "qcow2") }); err != nil {
			return err
		}
		if err := b.clear(); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) convertDisk(ctx context.Context, name string, makeDisk func() (string, error)) error {
	ways := []string{results.Ours, results.QEMUImg}
	if !b.missing(name, ways, b.Rounds) {
		return nil
	}
	base, err := makeDisk()
	if err != nil {
		return err
	}
	overlay, err := b.overlayOf(ctx, base)
	if err != nil {
		return err
	}
	return b.inTurn(name, b.Rounds, ways, func(way, directory string) (results.Sample, error) {
		if way == results.Ours {
			return b.migrate(ctx, migration{sourceType: "qcow2", source: overlay, pipeline: onlyConvert(object{}), directory: directory})
		}
		return b.copyToDisk(ctx, overlay, filepath.Join(directory, imageName))
	})
}

// copyToDisk copies with qemu-img convert and waits until the image is on the disk.
func (b *Bench) copyToDisk(ctx context.Context, source, image string) (results.Sample, error) {
	o, err := b.run(ctx, nil, "sh", "-c", `qemu-img convert -f qcow2 -O qcow2 -W -m 16 "$0" "$1" && sync "$1"`, source, image)
	if err != nil {
		return results.Sample{}, err
	}
	return sized(o, image)
}
