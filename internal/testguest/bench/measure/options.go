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
	return b.migrations(ctx, flagship, b.migrate,
		asked{results.Usual, allStages},
		asked{results.NoFsck, object{"inspect": object{}, "fix": object{"fsck": "off"}, "convert": object{}, "validate": object{}}},
		asked{results.Smaller, object{"inspect": object{}, "fix": object{}, "convert": object{"compress": true}, "validate": object{}}},
		asked{results.BootsToo, object{"inspect": object{}, "fix": object{}, "convert": object{}, "validate": object{"boot": object{"enabled": true}}}},
	)
}

// inspection measures an inspection and nothing else, which starts no appliance where
// the disks can be read without one.
func (b *Bench) inspection(ctx context.Context) error {
	return b.migrations(ctx, flagship, b.migrate, asked{results.Ours, object{"inspect": object{"collect_guest_info": true}}})
}

// migrations measures those of a guest that run makes, by what is asked for.
func (b *Bench) migrations(ctx context.Context, name string, run func(context.Context, migration) (results.Sample, error), all ...asked) error {
	guest, err := b.warmGuest(ctx, name)
	if err != nil {
		return err
	}
	pipelines := map[string]object{}
	var ways []string
	for _, a := range all {
		ways, pipelines[a.way] = append(ways, a.way), a.pipeline
	}
	return b.inTurn(name, b.few(), ways, func(way, directory string) (results.Sample, error) {
		return run(ctx, migration{sourceType: "vmdk", source: guest, pipeline: pipelines[way], directory: directory})
	})
}

// effort counts what whole migrations do, once: counting slows them down.
func (b *Bench) effort(ctx context.Context) error {
	for _, name := range []string{flagship, withoutVirtio} {
		guest, err := b.guest(ctx, name)
		if err != nil {
			return err
		}
		err = b.sampleInto(results.Key{Case: name, Way: results.Ours, Round: 1}, func(directory string) (results.Sample, error) {
			m := migration{sourceType: "vmdk", source: guest, pipeline: allStages, directory: directory}
			path, err := m.write(b.Room)
			if err != nil {
				return results.Sample{}, err
			}
			counted, err := b.count(exec.CommandContext(ctx, b.Engine, "--events", "--manifest", path), b.Room)
			if err != nil {
				return results.Sample{}, err
			}
			s, err := m.sample(outcome{})
			s.Effort = &counted
			return s, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
