package measure

import (
	"context"
	"os/exec"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// asked is a way to run a migration, by what its manifest asks for.
type asked struct {
	way      string
	pipeline object
}

// options measures what is asked for beside the usual.
func (b *Bench) options(ctx context.Context) error {
	return b.inTurn(ctx, flagship, b.migrate,
		asked{results.Usual, allStages},
		asked{results.NoFsck, object{"inspect": object{}, "fix": object{"fsck": "off"}, "convert": object{}, "validate": object{}}},
		asked{results.Smaller, object{"inspect": object{}, "fix": object{}, "convert": object{"compress": true}, "validate": object{}}},
		asked{results.BootsToo, object{"inspect": object{}, "fix": object{}, "convert": object{}, "validate": object{"boot": object{"enabled": true}}}},
	)
}

// inspection measures an inspection and nothing else, which starts no appliance where
// the disks can be read without one.
func (b *Bench) inspection(ctx context.Context) error {
	return b.inTurn(ctx, flagship, b.migrate, asked{results.Ours, object{"inspect": object{"collect_guest_info": true}}})
}

// inTurn has run measure each of the ways in every round.
func (b *Bench) inTurn(ctx context.Context, name string, run func(context.Context, migration) (results.Sample, error), ways ...asked) error {
	guest, err := b.guest(ctx, name)
	if err != nil {
		return err
	}
	if err := warm(guest); err != nil {
		return err
	}
	for round := 1; round <= b.few(); round++ {
		for _, a := range ways {
			err := b.sample(results.Key{Case: name, Way: a.way, Round: round}, func() (s results.Sample, err error) {
				err = b.fresh(func(directory string) error {
					s, err = run(ctx, migration{sourceType: "vmdk", source: guest, pipeline: a.pipeline, directory: directory})
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

// effort counts what whole migrations do, once: counting slows them down.
func (b *Bench) effort(ctx context.Context) error {
	for _, name := range []string{flagship, withoutVirtio} {
		guest, err := b.guest(ctx, name)
		if err != nil {
			return err
		}
		err = b.sample(results.Key{Case: name, Way: results.Ours, Round: 1}, func() (s results.Sample, err error) {
			err = b.fresh(func(directory string) error {
				m := migration{sourceType: "vmdk", source: guest, pipeline: allStages, directory: directory}
				path, err := m.write(b.Room)
				if err != nil {
					return err
				}
				counted, err := b.count(exec.CommandContext(ctx, b.Engine, "--events", "--manifest", path), b.Room)
				if err != nil {
					return err
				}
				s, err = m.sample(outcome{})
				s.Effort = &counted
				return err
			})
			return s, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
