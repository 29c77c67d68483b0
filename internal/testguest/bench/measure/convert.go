package measure

import (
	"context"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// largerDisk is one on which few per cent are more than a program's start.
var largerDisk = disk{virtual: 12 * gib, live: 3 * gib}

// onlyConvert copies and then gives the image its name, which belongs to the last
// stage: it waits for the disk, as qemu-img does not.
func onlyConvert(options object) object {
	return object{"convert": options, "validate": object{"check_image_integrity": false}}
}

// convert measures the stage of that name beside qemu-img over the same overlay.
func (b *Bench) convert(ctx context.Context) error {
	for _, c := range []struct {
		name string
		live int64
		make func() (string, error)
	}{
		{flagship, guestLive, func() (string, error) { return b.guestAsQCOW2(ctx) }},
		{largerDisk.String(), largerDisk.live, func() (string, error) { return b.makeDisk(ctx, largerDisk, "qcow2") }},
	} {
		if c.live > b.MostLive || !b.missing(c.name, []string{results.Ours, results.QEMUImg}, b.Rounds) {
			continue
		}
		base, err := c.make()
		if err != nil {
			return err
		}
		overlay, err := b.overlayOf(ctx, base)
		if err != nil {
			return err
		}
		if err := b.convertBoth(ctx, c.name, overlay); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) convertBoth(ctx context.Context, name, overlay string) error {
	for round := 1; round <= b.Rounds; round++ {
		for _, way := range []string{results.Ours, results.QEMUImg} {
			err := b.sample(results.Key{Case: name, Way: way, Round: round}, func() (s results.Sample, err error) {
				err = b.fresh(func(directory string) error {
					if way == results.Ours {
						s, err = b.migrate(ctx, migration{sourceType: "qcow2", source: overlay, pipeline: onlyConvert(object{}), directory: directory})
					} else {
						s, err = b.copyImage(ctx, overlay, "qcow2", filepath.Join(directory, imageName), "-W", "-m", "16")
					}
					return err
				})
				return s, err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
