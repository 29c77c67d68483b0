package pipeline

import (
	"context"
	"errors"
	"fmt"

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
	if failure := r.writeReport(); failure != nil {
		r.recordFailure(failure)
		err = errors.Join(err, failure, r.retract())
		r.report.Finish()
	}
	if failure := r.closeArtifacts(); failure != nil {
		r.recordFailure(failure)
		err = errors.Join(err, failure)
		r.report.Finish()
		err = errors.Join(err, r.writeReport())
	}
	if err != nil {
		artifact.RemoveEmpty(r.made)
	}
	r.notify(report.Event{Type: report.EventFinished, Success: err == nil, Report: r.report})
	return r.report, err
}

// recordFailure enters err into the report and tells it.
func (r *run) recordFailure(err error) {
	stage, remedy := stageOf(err, r.stage), remedyOf(err)
	r.report.Fail(stage, err.Error(), remedy)
	r.notify(report.Event{Type: report.EventError, Stage: stage, Message: err.Error(), Remedy: remedy})
}

// retract takes back whatever was published before the run failed.
func (r *run) retract() error {
	r.report.Artifacts = nil
	if r.artifacts == nil {
		return nil
	}
	return r.artifacts.Retract()
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
