package measure

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// atOnce are how many migrations run at the same time.
var atOnce = []int{1, 2, 4}

// parallel measures several migrations of one guest at once.
func (b *Bench) parallel(ctx context.Context) error {
	guest, err := b.warmGuest(ctx, flagship)
	if err != nil {
		return err
	}
	for round := 1; round <= b.fewest(); round++ {
		for _, count := range atOnce {
			key := results.Key{Case: fmt.Sprint(count), Way: results.Ours, Round: round}
			err := b.sample(key, func() (results.Sample, error) { return b.migrateAtOnce(ctx, guest, count) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Bench) migrateAtOnce(ctx context.Context, guest string, count int) (s results.Sample, err error) {
	var commands []command
	for n := range count {
		directory := b.path(fmt.Sprintf("out-%d", n+1))
		if err := errors.Join(os.RemoveAll(directory), os.Mkdir(directory, 0o755)); err != nil {
			return s, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
		manifest, err := migration{sourceType: "vmdk", source: guest, pipeline: allStages, directory: directory}.write(b.Room)
		if err != nil {
			return s, err
		}
		commands = append(commands, command{args: []string{b.Engine, "-q", "--manifest", manifest}})
	}
	o, err := b.runAll(ctx, commands)
	return results.Sample{Seconds: o.seconds, Each: o.each, Watched: o.watched}, err
}
