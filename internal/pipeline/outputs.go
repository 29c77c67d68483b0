package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// outputs are the files that a run makes where the manifest wants them, from
// when their places are reserved until they are final or taken back.
type outputs struct {
	manifest *manifest.Manifest
	say      *reporter
	readers  *readers
	// reserved ends with the run.
	reserved reservation
	made     []string // directories
	followed []*progressFile
	// tools are the programs and their versions; nil before they were asked.
	tools map[string]string
	// reportIsAnothers says that another run writes to the report's path now.
	reportIsAnothers bool
}

// reservation is what an artifact.Run does at the end of a run.
type reservation interface {
	Claim(path string, record artifact.Record) error
	Commit() error
	Retract() error
	Close() error
}

// nothingReserved is what a run has until it has made its work directory.
type nothingReserved struct{}

// Claim implements reservation.
func (nothingReserved) Claim(string, artifact.Record) error { return nil }

// Commit implements reservation.
func (nothingReserved) Commit() error { return nil }

// Retract implements reservation.
func (nothingReserved) Retract() error { return nil }

// Close implements reservation.
func (nothingReserved) Close() error { return nil }

func newOutputs(m *manifest.Manifest, say *reporter) *outputs {
	return &outputs{
		manifest: m, say: say, reserved: nothingReserved{},
		readers: &readers{say: say, directory: m.OutputDirectory()},
	}
}

// imagePaths is where a run puts the images of a source with that many disks,
// that of the boot disk first.
func imagePaths(m *manifest.Manifest, disks int) []string {
	switch {
	case m.Options.DryRun:
		return nil
	case m.Pipeline.Convert.Enabled:
		return m.OutputPaths(disks)
	case m.Pipeline.Fix.Enabled:
		return m.FixedOverlayPaths(disks)
	default:
		return nil
	}
}

// check refuses, before any work, output paths that cannot be written or that
// hold something already.
func (o *outputs) check() error {
	m := o.manifest
	made, err := artifact.Preflight(m.OutputDirectory(), imagePaths(m, 1), m.Output.Overwrite)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	o.made = made
	return nil
}

// reserve refuses, before any work, to write what another run is just writing.
func (o *outputs) reserve(artifacts *artifact.Run) error {
	artifacts.Directories, o.reserved = o.made, artifacts
	paths := imagePaths(o.manifest, 1)
	if o.manifest.Options.Report.Enabled {
		paths = append(paths, o.manifest.ReportPath())
	}
	if log, screenshot := o.manifest.BootPaths(); log != "" {
		paths = append(paths, log)
		if screenshot != "" {
			paths = append(paths, screenshot)
		}
	}
	if err := artifacts.Reserve(paths...); err != nil {
		var busy *artifact.BusyError
		o.reportIsAnothers = errors.As(err, &busy)
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// reserveAll repeats check and reserve when it is known how many disks there
// are, and of which files the source consists: these are not overwritten
// whatever the manifest says.
func (o *outputs) reserveAll(artifacts *artifact.Run, s *source.Source) error {
	m := o.manifest
	paths := imagePaths(m, len(s.Disks))
	if len(paths) > 1 {
		if _, err := artifact.Preflight(m.OutputDirectory(), paths, m.Output.Overwrite); err != nil {
			return fmt.Errorf("output: %w", err)
		}
		if err := artifacts.Reserve(paths...); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	for _, path := range paths {
		var taken string
		switch {
		case s.Holds(path):
			taken = "a file of the source"
		case m.Options.Report.Enabled && path == m.ReportPath():
			taken = "the report"
		default:
			continue
		}
		return remedy.With(fmt.Errorf("output.filename: %s is %s", path, taken), "choose another output.filename or output.directory")
	}
	return nil
}

// published are the paths of the images that this run has published, and of what
// it keeps of a boot.
func (o *outputs) published() []string {
	var paths []string
	for _, image := range o.say.report.Artifacts {
		paths = append(paths, image.Path)
	}
	return paths
}

// retract takes back whatever was published before the run failed. What cannot be
// taken back stays in the report, so that it can be deleted.
func (o *outputs) retract() error {
	if err := o.reserved.Retract(); err != nil {
		o.say.report.Artifacts = slices.DeleteFunc(o.say.report.Artifacts, func(a report.Artifact) bool {
			_, gone := os.Lstat(a.Path)
			return errors.Is(gone, fs.ErrNotExist)
		})
		return fmt.Errorf("the next migration into the same directory tries again: %w", err)
	}
	o.say.report.Artifacts = []report.Artifact{}
	return nil
}

// end makes what was published final and removes everything else.
func (o *outputs) end() error {
	for _, file := range o.followed {
		file.close()
	}
	return o.reserved.Close()
}
