package pipeline

import (
	"context"
	"errors"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// finish ends the run whether it went well or not: it removes what must not
// stay, completes and writes the report, and announces it. It does not obey
// cancellation: it is what cancellation asks for.
func (j job) finish(ctx context.Context, err error) (*report.Report, error) {
	said := j.say.report
	if err == nil && ctx.Err() != nil {
		// No stage noticed any more, but nobody may be left to hear of success.
		err = j.say.cancelled(ctx)
	}
	if err != nil {
		undone := j.out.retract()
		var all lacks
		if errors.As(err, &all) {
			for _, one := range all {
				j.recordFailure(&Error{Stage: stageOf(err, j.say.stage), Err: one})
			}
			if undone != nil {
				j.recordFailure(undone)
			}
			err = errors.Join(err, undone)
		} else {
			err = errors.Join(err, undone)
			j.recordFailure(err)
		}
	}
	said.Finish()
	if failure := j.conclude(ctx); failure != nil {
		failure = errors.Join(failure, j.out.retract())
		j.recordFailure(failure)
		err = errors.Join(err, failure)
		said.Finish()
		_ = j.out.writeReport() // that of a failure is no failure
	}
	j.cleanUp()
	if err != nil {
		artifact.RemoveEmpty(j.out.made)
	}
	j.say.notify(report.Event{Type: report.EventFinished, Success: err == nil, Report: said})
	return said, err
}

// conclude writes the report and makes final what was published.
func (j job) conclude(ctx context.Context) error {
	if err := j.out.writeReport(); err != nil {
		return err
	}
	if !j.say.report.Pipeline.Success {
		return nil
	}
	if err := j.out.claimReport(ctx); err != nil {
		return err
	}
	return j.out.reserved.Commit()
}

// cleanUp removes all but what was published. The migration is over: what cannot
// be removed now fails nothing any more, and a later run will find it.
func (j job) cleanUp() {
	failure := j.out.end()
	if failure == nil {
		return
	}
	j.say.find(report.ConcernLeftFile, "what this run used is not all removed: "+failure.Error(),
		"remove it when nothing has it open any more; so does the next migration into the same directory")
	j.say.report.Finish()
	// The report that is there may not be replaced any more. Then only whoever
	// started the run is told.
	if j.out.writeReport() == nil && j.say.report.Pipeline.Success {
		_ = artifact.Renew(j.manifest.ReportPath(), j.options.RunID)
	}
}

// recordFailure enters err into the report and tells it.
func (j job) recordFailure(err error) {
	stage, what := stageOf(err, j.say.stage), remedy.Of(err)
	if id := concernOf(err); id != "" {
		j.say.report.AddConcern(stage, id, err.Error(), what)
	}
	j.say.report.Fail(stage, err.Error(), what)
	j.say.notify(report.Event{Type: report.EventError, Stage: stage, Message: err.Error(), Remedy: what})
}
