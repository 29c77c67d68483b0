package measure

import (
	"context"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// compare measures whole migrations beside virt-v2v and a bare copy.
func (b *Bench) compare(ctx context.Context) error {
	guest, err := b.guest(ctx, flagship)
	if err != nil {
		return err
	}
	if err := warm(guest); err != nil {
		return err
	}
	return b.wholeMigrations(ctx, flagship, guest, nil, []string{results.Ours, results.VirtV2V, results.QEMUImg}, b.Rounds)
}

// stages measures where our time goes, also for a guest whose initramfs must be
// extended.
func (b *Bench) stages(ctx context.Context) error {
	for _, name := range []string{flagship, withoutVirtio} {
		guest, err := b.guest(ctx, name)
		if err != nil {
			return err
		}
		if err := warm(guest); err != nil {
			return err
		}
		for round := 1; round <= b.few(); round++ {
			err := b.sample(results.Key{Case: name, Way: results.Ours, Round: round}, func() (s results.Sample, err error) {
				err = b.fresh(func(directory string) error {
					s, err = b.follow(ctx, migration{sourceType: "vmdk", source: guest, pipeline: allStages, directory: directory})
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
