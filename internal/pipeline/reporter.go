package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// reporter tells what a run does: in the report, and by events to all who
// listen.
type reporter struct {
	report    *report.Report
	stage     string // the one that is running
	started   time.Time
	meter     meter
	listeners []func(report.Event)
}

func newReporter() *reporter { return &reporter{report: report.New()} }

// apart is a reporter for what may come to nothing: nobody hears of it.
func (r *reporter) apart() *reporter { return &reporter{report: report.New(), stage: r.stage} }

// listen sends the events from now on to listener, before those who listen
// already.
func (r *reporter) listen(listener func(report.Event)) {
	r.listeners = slices.Insert(r.listeners, 0, listener)
}

// begin starts a stage. costs are as meter.start wants them.
func (r *reporter) begin(stage string, costs []float64) {
	r.meter.start(costs...)
	r.stage, r.started = stage, time.Now()
	r.notify(report.Event{Type: report.EventStageStarted})
}

// succeeded ends the running stage.
func (r *reporter) succeeded(result report.StageResult) error {
	duration := time.Since(r.started).Seconds()
	if err := r.report.StageSucceeded(duration, result); err != nil {
		return err
	}
	r.meter.finish()
	r.notify(report.Event{Type: report.EventProgress, Percent: 100})
	r.notify(report.Event{Type: report.EventStageFinished, Success: true, Duration: duration})
	return nil
}

// failed ends the running stage, and says which it was in the error.
func (r *reporter) failed(ctx context.Context, cause error) error {
	failure := &Error{Stage: r.stage, Err: cause}
	if ctx.Err() != nil {
		failure = r.cancelled(ctx)
	}
	duration := time.Since(r.started).Seconds()
	var shows *evidenceError
	if !errors.As(cause, &shows) || r.report.StageFailedWith(duration, failure.Err.Error(), shows.seen) != nil {
		r.report.StageFailed(r.stage, duration, failure.Err.Error())
	}
	r.notify(report.Event{Type: report.EventStageFinished, Message: failure.Err.Error(), Duration: duration})
	return failure
}

// cancelled is the failure of a run that was cancelled.
func (r *reporter) cancelled(ctx context.Context) *Error {
	r.report.Pipeline.Cancelled = true
	return &Error{Stage: r.stage, Err: fmt.Errorf("cancelled: %w", context.Cause(ctx))}
}

// find records a concern. The category of its kind says whether that is a warning, too.
func (r *reporter) find(id report.ConcernID, assessment, remedy string) {
	if r.report.AddConcern(r.stage, id, assessment, remedy) != report.Information {
		r.tell(assessment, remedy)
	}
}

// findAll is find for warnings.
func (r *reporter) findAll(warnings []report.Warning) {
	for _, w := range warnings {
		r.find(w.ID, w.Message, w.Remedy)
	}
}

// repeat records what another report has of concerns and warnings.
func (r *reporter) repeat(other *report.Report) {
	r.report.Concerns = append(r.report.Concerns, other.Concerns...)
	for _, warning := range other.Warnings {
		r.tell(warning.Message, warning.Remedy)
	}
}

// tell is a warning of a concern that is recorded.
func (r *reporter) tell(message, remedy string) {
	r.report.Warn(r.stage, message, remedy)
	r.notify(report.Event{Type: report.EventWarning, Message: message, Remedy: remedy})
}

// progress tells how far the running stage is, from 0 to 100.
func (r *reporter) progress(percent float64, doing string) {
	r.meter.advance(percent)
	r.notify(report.Event{Type: report.EventProgress, Percent: r.meter.stage, Message: doing})
}

// progressUntil is progress for a part of the running stage, which goes from
// where the stage is now to end.
func (r *reporter) progressUntil(end float64) func(percent float64, doing string) {
	begin := r.meter.stage
	return func(percent float64, doing string) { r.progress(begin+(end-begin)*percent/100, doing) }
}

func (r *reporter) notify(e report.Event) {
	e.Time = report.Now()
	e.TotalPercent = r.meter.total
	if e.Stage == "" && e.Type != report.EventFinished {
		e.Stage = r.stage
	}
	for _, listener := range r.listeners {
		listener(e)
	}
}
