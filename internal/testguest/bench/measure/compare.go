package measure

import (
	"context"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// compare measures whole migrations beside virt-v2v and a bare copy.
func (b *Bench) compare(ctx context.Context) error {
	guest, err := b.warmGuest(ctx, flagship)
	if err != nil {
		return err
	}
	return b.wholeMigrations(ctx, flagship, guest, nil, []string{results.Ours, results.VirtV2V, results.QEMUImg}, b.Rounds)
}

// stages measures where our time goes, also for a guest whose initramfs must be
// extended.
func (b *Bench) stages(ctx context.Context) error {
	for _, name := range []string{flagship, withoutVirtio} {
		if err := b.migrations(ctx, name, b.follow, asked{results.Ours, allStages}); err != nil {
			return err
		}
	}
	return nil
}
