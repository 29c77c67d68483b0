package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// checkReport refuses a report path that holds what must not be lost, before
// any work is done. Images that are freed are as good as gone.
func checkReport(m *manifest.Manifest, freed ...string) error {
	if !m.Options.Report.Enabled {
		return nil
	}
	if err := reportVacant(m.ReportPath(), m.Output.Overwrite, freed...); err != nil {
		return remedy.With(fmt.Errorf("options.report.path: %w", err),
			"choose another options.report.path or output.directory, or move that file away if it may go")
	}
	return nil
}

// reportVacant says whether a report may be written to path. What is there must
// be a report, and its images must be gone, unless those may be overwritten:
// the report of a failed run may be replaced, or the run could not be repeated.
// own are images that do not count, such as those that this run has published,
// perhaps where those were.
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
func (o *outputs) makeReportDirectory() error {
	if !o.manifest.Options.Report.Enabled {
		return nil
	}
	made, err := artifact.Preflight(filepath.Dir(o.manifest.ReportPath()), nil, false)
	o.made = append(o.made, made...)
	if err != nil {
		return fmt.Errorf("options.report.path: %w", err)
	}
	return nil
}

// hasReport says that this run writes a report file.
func (o *outputs) hasReport() bool { return o.manifest.Options.Report.Enabled && !o.reportIsAnothers }

// writeReport writes the report where the manifest wants it. That of a failed
// run is not worth another file: it is dropped where there is no directory for
// it, or where something stands in its place.
func (o *outputs) writeReport() error {
	if !o.hasReport() {
		return nil
	}
	said := o.say.report
	path, success := o.manifest.ReportPath(), said.Pipeline.Success
	_, err := os.Stat(filepath.Dir(path))
	if err == nil {
		err = reportVacant(path, success && o.manifest.Output.Overwrite, o.published()...)
	}
	if err == nil {
		err = o.replaceReport(path)
	}
	switch {
	case err != nil && !success:
		// That the run succeeded must not stay written.
		if said.WrittenTo(path) {
			_ = os.Remove(path)
		}
		return nil
	case err != nil:
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (o *outputs) replaceReport(path string) error {
	encoded, err := o.say.report.Indented()
	if err != nil {
		return err
	}
	return artifact.Replace(path, encoded, func(file *os.File) error { return o.readers.guardReport(file, o.published()) })
}

// claimReport records that the report of a run that succeeded is this run's.
func (o *outputs) claimReport(ctx context.Context) error {
	if !o.hasReport() {
		return nil
	}
	record, err := o.record(ctx, report.Images(o.say.report.Artifacts))
	if err != nil {
		return err
	}
	return o.reserved.Claim(o.manifest.ReportPath(), record)
}
