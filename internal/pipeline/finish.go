package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// finish ends the run whether it went well or not: it removes what must not
// stay, completes and writes the report, and announces it. It does not obey
// cancellation: it is what cancellation asks for.
func (r *run) finish(err error) (*report.Report, error) {
	closed := r.closeSession()
	if r.source != nil {
		r.source.Close()
	}
	if err == nil { // an appliance that was killed on purpose closes with an error
		err = closed
	}
	if err == nil && r.ctx.Err() != nil {
		// No stage noticed any more, but nobody may be left to hear of success.
		r.report.Pipeline.Cancelled = true
		err = &Error{Stage: r.stage, Err: fmt.Errorf("cancelled: %w", context.Cause(r.ctx))}
	}
	if err != nil {
		err = errors.Join(err, r.retract())
		r.recordFailure(err)
	}
	r.report.Finish()
	if failure := r.conclude(); failure != nil {
		failure = errors.Join(failure, r.retract())
		r.recordFailure(failure)
		err = errors.Join(err, failure)
		r.report.Finish()
		_ = r.writeReport() // that of a failure is no failure
	}
	r.cleanUp()
	if err != nil {
		artifact.RemoveEmpty(r.made)
	}
	r.notify(report.Event{Type: report.EventFinished, Success: err == nil, Report: r.report})
	return r.report, err
}

// conclude writes the report and makes final what was published.
func (r *run) conclude() error {
	if err := r.writeReport(); err != nil {
		return err
	}
	if r.artifacts == nil || !r.report.Pipeline.Success {
		return nil
	}
	return r.artifacts.Commit()
}

// cleanUp removes all but what was published. The migration is over: what cannot
// be removed now fails nothing any more, and a later run will find it.
func (r *run) cleanUp() {
	id, failure := "", error(nil)
	if r.artifacts != nil {
		id = r.artifacts.ID
	}
	if failure = r.closeArtifacts(); failure == nil {
		return
	}
	r.warn("what this run used is not all removed: "+failure.Error(),
		"remove it when nothing has it open any more; so does the next migration into the same directory")
	r.report.Finish()
	// The report that is there may not be replaced any more. Then only whoever
	// started the run is told.
	if r.writeReport() == nil && r.report.Pipeline.Success {
		_ = artifact.Renew(r.manifest.ReportPath(), id)
	}
}

// recordFailure enters err into the report and tells it.
func (r *run) recordFailure(err error) {
	stage, remedy := stageOf(err, r.stage), remedyOf(err)
	r.report.Fail(stage, err.Error(), remedy)
	r.notify(report.Event{Type: report.EventError, Stage: stage, Message: err.Error(), Remedy: remedy})
}

// retract takes back whatever was published before the run failed. What cannot be
// taken back stays in the report, so that it can be deleted.
func (r *run) retract() error {
	if r.artifacts != nil {
		if err := r.artifacts.Retract(); err != nil {
			r.report.Artifacts = slices.DeleteFunc(r.report.Artifacts, func(a report.Artifact) bool {
				_, gone := os.Lstat(a.Path)
				return errors.Is(gone, fs.ErrNotExist)
			})
			return fmt.Errorf("the next migration into the same directory tries again: %w", err)
		}
	}
	r.report.Artifacts = []report.Artifact{}
	return nil
}

// closeArtifacts makes what was published final and removes everything else.
func (r *run) closeArtifacts() error {
	r.closeProgress()
	if r.artifacts == nil {
		return nil
	}
	err := r.artifacts.Close()
	r.artifacts = nil
	return err
}
