package measure

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// kvmDevice is there on hosts whose KVM may or may not work.
const kvmDevice = "/dev/kvm"

// launches measures the start of our appliance beside a bare one of guestfish on an
// empty disk, and what a KVM costs that can be opened and runs nothing.
func (b *Bench) launches(ctx context.Context) error {
	guest, err := b.warmGuest(ctx, flagship)
	if err != nil {
		return err
	}
	empty, cache := b.path("empty.raw"), b.path("cache")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		return err
	}
	if err := os.Truncate(empty, gib); err != nil {
		return err
	}
	look := func(directory string, arguments, environment []string) (results.Sample, error) {
		return b.follow(ctx, migration{
			sourceType: "vmdk", source: guest, pipeline: object{"inspect": object{}, "fix": object{}}, directory: directory, dryRun: true,
			arguments: arguments, environment: environment,
		})
	}
	// What is known of KVM is kept in each of these. The built appliance is not.
	own := []string{
		"XDG_RUNTIME_DIR=" + cache, "XDG_CACHE_HOME=" + cache, "TMPDIR=" + cache,
		"LIBGUESTFS_CACHEDIR=" + cmp.Or(os.Getenv("LIBGUESTFS_CACHEDIR"), os.Getenv("TMPDIR"), "/var/tmp"),
	}
	ways := []string{results.Ours, results.Guestfish}
	if _, err := os.Stat(b.kvm); err == nil && b.machine.Acceleration == "tcg" {
		ways = append(ways, results.FirstTry, results.NextTry)
	}
	return b.inTurn(flagship, b.few(), ways, func(way, directory string) (results.Sample, error) {
		switch way {
		case results.Ours:
			return look(directory, []string{"--acceleration", b.machine.Acceleration}, nil)
		case results.Guestfish:
			return b.guestfish(ctx, empty)
		case results.FirstTry:
			if err := errors.Join(os.RemoveAll(cache), os.Mkdir(cache, 0o700)); err != nil {
				return results.Sample{}, err
			}
		}
		return look(directory, nil, own)
	})
}

// guestfish starts an appliance with a disk, and ends it.
func (b *Bench) guestfish(ctx context.Context, disk string) (results.Sample, error) {
	o, err := b.run(ctx, b.onSameAcceleration(), "guestfish", "--format=raw", "-a", disk, "run")
	return results.Sample{Seconds: o.seconds, Watched: o.watched}, err
}
