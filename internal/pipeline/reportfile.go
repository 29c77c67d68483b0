package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// checkReport refuses a report path that holds what must not be lost, before
// any work is done.
func (r *run) checkReport() error {
	m := r.manifest
	if !m.Options.Report.Enabled {
		return nil
	}
	if err := reportVacant(m.ReportPath(), m.Output.Overwrite); err != nil {
		return withRemedy(fmt.Errorf("options.report.path: %w", err),
			"choose another options.report.path or output.directory, or move that file away if it may go")
	}
	return nil
}

// reportVacant says whether a report may be written to path. What is there must
// be a report, and its images must be gone, unless those may be overwritten:
// the report of a failed run may be replaced, or the run could not be repeated.
// own are the images that this run has published, perhaps where those were.
func reportVacant(path string, overwrite bool, own ...string) error {
	old, err := report.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if image := old.StandingArtifact(own...); image != "" && !overwrite {
		return fmt.Errorf("%s is the report on %s, which exists", path, image)
	}
	return nil
}

// makeReportDirectory makes the directory of the report where it is missing.
func (r *run) makeReportDirectory() error {
	if !r.manifest.Options.Report.Enabled {
		return nil
	}
	made, err := artifact.Preflight(filepath.Dir(r.manifest.ReportPath()), nil, false)
	r.made = append(r.made, made...)
	if err != nil {
		return fmt.Errorf("options.report.path: %w", err)
	}
	return nil
}

// writeReport writes the report where the manifest wants it. That of a failed
// run is not worth another file: it is dropped where there is no directory for
// it, or where something stands in its place.
func (r *run) writeReport() error {
	m := r.manifest
	if !m.Options.Report.Enabled || r.reportIsAnothers {
		return nil
	}
	path, success := m.ReportPath(), r.report.Pipeline.Success
	_, err := os.Stat(filepath.Dir(path))
	if err == nil {
		err = reportVacant(path, success && m.Output.Overwrite, r.published()...)
	}
	if err == nil {
		err = r.report.WriteFile(path, r.guardReport)
	}
	switch {
	case err != nil && !success:
		// That the run succeeded must not stay written.
		if r.report.WrittenTo(path) {
			_ = os.Remove(path)
		}
		return nil
	case err != nil:
		return fmt.Errorf("writing the report: %w", err)
	case !success || r.artifacts == nil:
		return nil
	}
	record, err := r.record(r.report.Artifacts)
	if err != nil {
		return err
	}
	return r.artifacts.Claim(path, record)
}

// published are the paths of the images that this run has published.
func (r *run) published() []string {
	var paths []string
	for _, image := range r.report.Artifacts {
		paths = append(paths, image.Path)
	}
	return paths
}
