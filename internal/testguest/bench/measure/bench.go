// Package measure runs the commands that are compared and keeps how long they
// take.
package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/effort"
)

// Bench measures sections.
type Bench struct {
	// Engine is the hyper2kvm command, Testguest the command that builds guests.
	Engine, Testguest string
	// Commit is what the engine was built from.
	Commit string
	// Room is a folder in which one for disks and images is made. That is emptied
	// when a section ends.
	Room  string
	Store results.Store
	// Rounds is how often everything is measured; what is not about few per cent,
	// at most fewRounds times, and what takes long as well, fewestRounds.
	Rounds int
	// ScaleVirtV2V has virt-v2v migrate the large disks as well.
	ScaleVirtV2V bool
	// MostLive leaves out disks with more live data, in bytes.
	MostLive int64
	// Fresh forgets what was measured before.
	Fresh bool
	// VirtV2VSuite is the release of Debian whose virt-v2v is compared with, in a root
	// of its own; "" is the one that is installed.
	VirtV2VSuite string
	Log          io.Writer

	// settle waits until the disks are at rest; nil is sync(2).
	settle func()
	// count counts what a command does; nil is effort.Run.
	count   func(*exec.Cmd, string) (effort.Effort, error)
	kvm     string // the device; "" is kvmDevice
	root    string // of virt-v2v, or ""
	machine results.Machine
	section *results.Section
	begun   time.Time
}

// A whole run must not take an hour, a third of which is virt-v2v's.
const (
	fewRounds    = 3 // of stages, inspection and options
	fewestRounds = 2 // of scaling and parallel
)

// sections are what can be measured.
var sections = map[string]func(*Bench, context.Context) error{
	results.Compare:    (*Bench).compare,
	results.Stages:     (*Bench).stages,
	results.Launches:   (*Bench).launches,
	results.Effort:     (*Bench).effort,
	results.Inspection: (*Bench).inspection,
	results.Options:    (*Bench).options,
	results.Convert:    (*Bench).convert,
	results.Compress:   (*Bench).compress,
	results.Scaling:    (*Bench).scaling,
	results.Parallel:   (*Bench).parallel,
}

// Run measures the named sections. One that fails does not stop the others; its
// measurements are kept and the next run goes on with it.
func (b *Bench) Run(ctx context.Context, names []string) error {
	for _, name := range names {
		if sections[name] == nil {
			return fmt.Errorf("no section is named %q; there are %v", name, results.Sections)
		}
	}
	if b.settle == nil {
		b.settle = syscall.Sync
	}
	if b.kvm == "" {
		b.kvm = kvmDevice
	}
	if b.count == nil {
		b.count = effort.Run
	}
	if err := adoptOrphans(); err != nil {
		return err
	}
	if err := b.enter(); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.Room) }()
	if b.VirtV2VSuite != "" {
		b.logf("making a root with virt-v2v of Debian %s", b.VirtV2VSuite)
		root, err := b.makeRoot(ctx)
		if err != nil {
			return err
		}
		b.root = root
		defer func() { _ = os.RemoveAll(root) }()
	}
	b.logf("looking at the machine")
	machine, err := b.lookAtMachine(ctx)
	if err != nil {
		return err
	}
	b.machine = machine
	var failures []error
	for _, name := range names {
		err := b.runSection(ctx, name)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			b.logf("FAILED: %v", err)
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// enter makes the folder for disks and images, without what a run that was
// killed has left in it.
func (b *Bench) enter() error {
	parent, err := filepath.Abs(b.Room)
	if err != nil {
		return err
	}
	b.Room = filepath.Join(parent, "hyper2kvm-bench")
	return errors.Join(os.RemoveAll(b.Room), os.MkdirAll(b.Room, 0o755))
}

func (b *Bench) runSection(ctx context.Context, name string) error {
	if b.Fresh {
		if err := b.Store.Remove(name); err != nil {
			return err
		}
	}
	section, discarded, err := b.Store.Resume(name, b.machine)
	if err != nil {
		return err
	}
	switch {
	case discarded:
		b.logf("%s: what was measured with another engine or machine is dropped", name)
	case len(section.Samples) > 0:
		b.logf("%s: %d measurements are kept; FRESH=1 makes them anew", name, len(section.Samples))
	}
	b.section, b.begun = section, time.Now()
	section.Rounds = max(section.Rounds, b.Rounds)
	before := section.Minutes
	err = sections[name](b, ctx)
	b.logf("%s: took %.1f min", name, section.Minutes-before)
	return errors.Join(err, b.clear())
}

// clear empties the room.
func (b *Bench) clear() error {
	entries, err := os.ReadDir(b.Room)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(b.Room, entry.Name())))
	}
	return err
}

// sample makes a measurement unless it was made before, and keeps it.
func (b *Bench) sample(key results.Key, measure func() (results.Sample, error)) error {
	if b.section.Has(key) {
		return nil
	}
	// What the one before has written must not slow this one down.
	b.settle()
	sample, err := measure()
	if err != nil {
		return fmt.Errorf("%s of %s, round %d: %w", key.Way, key.Case, key.Round, err)
	}
	sample.Key = key
	b.section.Samples = append(b.section.Samples, sample)
	now := time.Now()
	b.section.Minutes += now.Sub(b.begun).Minutes()
	b.begun = now
	b.logf("%s: %s, %s, round %d: %.2f s", b.section.Name, key.Case, key.Way, key.Round, sample.Seconds)
	return b.Store.Save(b.section)
}

// sampleInto makes a measurement of what writes into an empty folder, as sample does.
func (b *Bench) sampleInto(key results.Key, measure func(directory string) (results.Sample, error)) error {
	return b.sample(key, func() (s results.Sample, err error) {
		err = b.fresh(func(directory string) (err error) {
			s, err = measure(directory)
			return err
		})
		return s, err
	})
}

// inTurn measures each of the ways in every round.
func (b *Bench) inTurn(name string, rounds int, ways []string, measure func(way, directory string) (results.Sample, error)) error {
	for round := 1; round <= rounds; round++ {
		for _, way := range ways {
			err := b.sampleInto(results.Key{Case: name, Way: way, Round: round}, func(directory string) (results.Sample, error) {
				return measure(way, directory)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// missing says that some of a case's measurements have still to be made.
func (b *Bench) missing(name string, ways []string, rounds int) bool {
	for _, way := range ways {
		for round := 1; round <= rounds; round++ {
			if !b.section.Has(results.Key{Case: name, Way: way, Round: round}) {
				return true
			}
		}
	}
	return false
}

func (b *Bench) few() int { return min(b.Rounds, fewRounds) }

func (b *Bench) fewest() int { return min(b.Rounds, fewestRounds) }

func (b *Bench) path(name string) string { return filepath.Join(b.Room, name) }

func (b *Bench) logf(format string, args ...any) {
	fmt.Fprintf(b.Log, "%s %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}
