package measure

import (
	"context"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// scales are disks that differ in virtual size, and in live data.
var scales = []disk{
	{virtual: 3 * gib, live: guestLive},
	{virtual: 12 * gib, live: guestLive},
	{virtual: 50 * gib, live: guestLive},
	{virtual: 12 * gib, live: 3 * gib},
	{virtual: 12 * gib, live: 8 * gib},
}

// scaling measures whole migrations of larger disks.
func (b *Bench) scaling(ctx context.Context) error {
	ways := []string{results.Ours, results.QEMUImg}
	if b.ScaleVirtV2V {
		ways = append(ways, results.VirtV2V)
	}
	for _, d := range scales {
		if d.live > b.MostLive || !b.missing(d.String(), ways, b.fewest()) {
			continue
		}
		source, err := b.makeDisk(ctx, d, "vmdk")
		if err != nil {
			return err
		}
		if err := warm(source); err != nil {
			return err
		}
		if err := b.wholeMigrations(ctx, d.String(), source, &d, ways, b.fewest()); err != nil {
			return err
		}
		if err := b.clear(); err != nil {
			return err
		}
	}
	return nil
}
