package measure

import (
	"context"
	"os/exec"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// asked are the pipelines of the ways of the section options.
var asked = []struct {
	way      string
	pipeline object
}{
	{results.Usual, allStages},
	{results.NoFsck, object{"inspect": object{}, "fix": object{"fsck": "off"}, "convert": object{}, "validate": object{}}},
	{results.Smaller, object{"inspect": object{}, "fix": object{}, "convert": object{"compress": true}, "validate": object{}}},
	{results.BootsToo, object{"inspect": object{}, "fix": object{}, "convert": object{}, "validate": object{"boot": object{"enabled": true}}}},
}

// options measures what is asked for beside the usual, in turn.
func (b *Bench) options(ctx context.Context) error {
	guest, err := b.guest(ctx, flagship)
	if err != nil {
		return err
	}
	if err := warm(guest); err != nil {
		return err
	}
	for round := 1; round <= b.few(); round++ {
		for _, a := range asked {
			err := b.sample(results.Key{Case: flagship, Way: a.way, Round: round}, func() (s results.Sample, err error) {
				err = b.fresh(func(directory string) error {
					s, err = b.migrate(ctx, migration{sourceType: "vmdk", source: guest, pipeline: a.pipeline, directory: directory})
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

// inspection measures an inspection and nothing else, which starts no appliance where
// the disks can be read without one.
func (b *Bench) inspection(ctx context.Context) error {
	guest, err := b.guest(ctx, flagship)
	if err != nil {
		return err
	}
	if err := warm(guest); err != nil {
		return err
	}
	for round := 1; round <= b.few(); round++ {
		err := b.sample(results.Key{Case: flagship, Way: results.Ours, Round: round}, func() (s results.Sample, err error) {
			err = b.fresh(func(directory string) error {
				s, err = b.migrate(ctx, migration{
					sourceType: "vmdk", source: guest, pipeline: object{"inspect": object{"collect_guest_info": true}}, directory: directory,
				})
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
