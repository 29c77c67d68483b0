package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/uuid"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// loadManifest checks the manifest against this host, so that whatever is
// wrong with the input is said before any work is done.
func (r *run) loadManifest() (report.StageResult, error) {
	m := r.manifest
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if err := m.CheckHost(); err != nil {
		return nil, err
	}
	work := r.workDirectory()
	err := r.checkOutputs()
	if errors.Is(err, fs.ErrExist) {
		// What stands there may be of a run that was killed before it was done.
		if err := r.sweep(m.OutputDirectory()); err != nil {
			return nil, err
		}
		err = r.checkOutputs()
	}
	if err != nil {
		return nil, err
	}
	if err := r.checkReport(); err != nil {
		return nil, err
	}
	if err := r.makeReportDirectory(); err != nil {
		return nil, err
	}
	if err := r.checkTools(); err != nil {
		return nil, err
	}
	if err := r.sweep(work, m.OutputDirectory()); err != nil {
		return nil, err
	}
	id := r.options.RunID
	if id == "" {
		id = uuid.NewString()
	}
	artifacts, err := artifact.NewRun(work, id)
	if err != nil {
		return nil, fmt.Errorf("making the work directory in %s: %w", work, err)
	}
	r.artifacts = artifacts
	r.artifacts.Directories, r.artifacts.HostID = r.made, r.options.HostID
	if err := r.reserveOutputs(); err != nil {
		return nil, err
	}
	r.openProgress()

	request := sourceRequest(m, artifacts.Dir())
	request.Progress = func(percent float64) { r.progress(percent, "comparing the checksum of the source") }
	r.source, err = source.Open(r.ctx, request)
	if err != nil {
		return nil, fmt.Errorf("source.path: %w", err)
	}
	r.showProgress()
	for _, warning := range r.source.Warnings {
		r.warn(warning, "")
	}
	if err := r.checkAllOutputs(); err != nil {
		return nil, err
	}
	if err := r.checkOverlayBacking(); err != nil {
		return nil, err
	}
	if err := r.readTables(); err != nil {
		return nil, err
	}
	if err := r.estimateSpace(); err != nil {
		return nil, err
	}
	result := report.LoadResult{
		Version: m.Version, Source: m.SourcePath(), Stages: m.EnabledStages(),
		Disks: len(r.source.Disks), Machine: r.source.Machine, Files: r.sourceFiles(),
	}
	if m.Metadata != nil {
		result.Name = m.Metadata.Name
	}
	return result, nil
}

func sourceRequest(m *manifest.Manifest, work string) source.Request {
	return source.Request{
		Type:            string(m.Source.Type),
		Path:            m.SourcePath(),
		WorkDir:         work,
		VM:              m.Source.VM,
		Checksum:        m.Source.Checksum,
		IgnoreChecksums: !m.Source.VerifyChecksums,
		MaxVirtualSize:  m.Source.MaxVirtualSize,
	}
}

// workDirectory is where the run makes its own work directory.
func (r *run) workDirectory() string {
	if r.options.WorkDirectory != "" {
		return r.options.WorkDirectory
	}
	return r.manifest.OutputDirectory()
}

// checkOverlayBacking refuses to publish an overlay whose backing file would
// vanish with the work directory.
func (r *run) checkOverlayBacking() error {
	p := r.manifest.Pipeline
	if !p.Fix.Enabled || p.Convert.Enabled || r.manifest.Options.DryRun {
		return nil
	}
	for _, disk := range r.source.Disks {
		if disk.Temporary {
			return withRemedy(
				fmt.Errorf("pipeline.convert: %s has to be unpacked first, so the fixed overlay alone would have nothing to stand on", disk.Name),
				"enable the convert stage")
		}
	}
	return nil
}

// checkOutputs refuses, before any work, output paths that cannot be written
// or that hold something already.
func (r *run) checkOutputs() error {
	m := r.manifest
	made, err := artifact.Preflight(m.OutputDirectory(), imagePaths(m, 1), m.Output.Overwrite)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	r.made = made
	return nil
}

// reserveOutputs refuses, before any work, to write what another run is just
// writing.
func (r *run) reserveOutputs() error {
	outputs := imagePaths(r.manifest, 1)
	if r.manifest.Options.Report.Enabled {
		outputs = append(outputs, r.manifest.ReportPath())
	}
	if err := r.artifacts.Reserve(outputs...); err != nil {
		var busy *artifact.BusyError
		r.reportIsAnothers = errors.As(err, &busy)
		return fmt.Errorf("output: %w", err)
	}
	return nil
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

// checkAllOutputs repeats checkOutputs when it is known how many disks there
// are, and of which files the source consists: these are not overwritten
// whatever the manifest says.
func (r *run) checkAllOutputs() error {
	m := r.manifest
	paths := imagePaths(m, len(r.source.Disks))
	if len(paths) > 1 {
		if _, err := artifact.Preflight(m.OutputDirectory(), paths, m.Output.Overwrite); err != nil {
			return fmt.Errorf("output: %w", err)
		}
		if err := r.artifacts.Reserve(paths...); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	for _, path := range paths {
		var taken string
		switch {
		case r.source.Holds(path):
			taken = "a file of the source"
		case m.Options.Report.Enabled && path == m.ReportPath():
			taken = "the report"
		default:
			continue
		}
		return withRemedy(fmt.Errorf("output.filename: %s is %s", path, taken), "choose another output.filename or output.directory")
	}
	return nil
}

// sweep removes what runs that died left in the directories this run uses.
func (r *run) sweep(directories ...string) error {
	swept := map[string]bool{}
	for _, directory := range directories {
		if swept[directory] {
			continue
		}
		swept[directory] = true
		removed, err := artifact.Sweep(directory)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing what an earlier run left in %s: %w", directory, err)
		}
		for _, path := range removed {
			r.warn(fmt.Sprintf("removed %s, left by an earlier run", path), "")
		}
	}
	return nil
}
