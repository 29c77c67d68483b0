// Package pipeline runs one migration: the five stages in order over one
// overlay and at most one appliance.
package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// Options are the engine's settings that are not part of the manifest.
type Options struct {
	// WorkDirectory holds the overlay while the run lasts. It defaults to the
	// output directory, so that publishing is a rename.
	WorkDirectory string
	Acceleration  appliance.Acceleration
	// HostID is the id that this host has in ownership records; empty derives one.
	HostID string
	// RunID is the id that the run's ownership records have, a UUID; empty makes
	// a new one.
	RunID string
	// Freed are files that will have been deleted when the migration runs, which
	// only Preflight is told.
	Freed []string
	// Notify receives each event as it happens. It may be nil.
	Notify func(report.Event)
}

// Run migrates what m describes. The report is never nil and says all that was
// done, also when the run failed or was cancelled; it has been written to the
// manifest's report path if the output directory could be used. A failure is a
// *Error.
func Run(ctx context.Context, m *manifest.Manifest, o Options) (*report.Report, error) {
	r := newRun(ctx, m, o)
	r.report.Pipeline.DryRun = m.Options.DryRun
	err := r.stages()
	return r.finish(err)
}

func newRun(ctx context.Context, m *manifest.Manifest, o Options) *run {
	return &run{ctx: ctx, manifest: m, options: o, report: report.New(), freeSpace: availableSpace, checkHost: appliance.CheckHost}
}

// run is the state of one migration.
type run struct {
	ctx      context.Context
	manifest *manifest.Manifest
	options  Options
	report   *report.Report
	stage    string // the stage that is running
	started  time.Time
	meter    meter
	// freeSpace is availableSpace, or what a test puts in its place.
	freeSpace func(directory string) (int64, error)
	// checkHost is appliance.CheckHost, or what a test puts in its place.
	checkHost func(context.Context, appliance.Acceleration) []error

	artifacts *artifact.Run
	made      []string // directories that were made for the outputs
	source    *source.Source
	// tables and sectorSizes are those of the source's disks, in bytes.
	tables      []parttable.Disk
	sectorSizes []int
	overlays    []string // one for each disk of the source, once made
	session     *appliance.Session
	editor      *edit.Editor // of the mounted guest
	system      *system
	images      []image

	progressFile *progressFile // nil where there is none
	// reportIsAnothers says that another run writes to the report's path now.
	reportIsAnothers bool
	saidExposed      bool
}

// image is one output file before it is published.
type image struct {
	temporary, final, format, kind string
	virtualSize                    int64
}

// stages runs the enabled stages and stops at the first that fails.
func (r *run) stages() error {
	work := map[string]func() (report.StageResult, error){
		report.StageLoadManifest: r.loadManifest,
		report.StageInspect:      r.inspect,
		report.StageFix:          r.fix,
		report.StageConvert:      r.convert,
		report.StageValidate:     r.validate,
	}
	enabled := r.manifest.EnabledStages()
	for n, name := range enabled {
		r.meter.start(r.costs(enabled[n:])...)
		if err := r.runStage(name, work[name]); err != nil {
			return err
		}
	}
	return nil
}

// runStage runs one stage and records its outcome.
func (r *run) runStage(name string, stage func() (report.StageResult, error)) error {
	r.stage, r.started = name, time.Now()
	r.notify(report.Event{Type: report.EventStageStarted})
	if err := r.ctx.Err(); err != nil {
		return r.fail(err)
	}
	result, err := stage()
	if err != nil {
		return r.fail(err)
	}
	duration := time.Since(r.started).Seconds()
	if err := r.report.StageSucceeded(duration, result); err != nil {
		return r.fail(err)
	}
	r.meter.finish()
	r.notify(report.Event{Type: report.EventProgress, Percent: 100})
	r.notify(report.Event{Type: report.EventStageFinished, Success: true, Duration: duration})
	return nil
}

// fail records the running stage as failed.
func (r *run) fail(cause error) error {
	failure := &Error{Stage: r.stage, Err: cause}
	if r.ctx.Err() != nil {
		failure.Err = fmt.Errorf("cancelled: %w", context.Cause(r.ctx))
		r.report.Pipeline.Cancelled = true
	}
	duration := time.Since(r.started).Seconds()
	r.report.StageFailed(r.stage, duration, failure.Err.Error())
	r.notify(report.Event{Type: report.EventStageFinished, Message: failure.Err.Error(), Duration: duration})
	return failure
}

// warn records something that the user should know but that stops nothing.
func (r *run) warn(message, remedy string) {
	r.report.Warn(r.stage, message, remedy)
	r.notify(report.Event{Type: report.EventWarning, Message: message, Remedy: remedy})
}

// progress tells how far the running stage is, from 0 to 100.
func (r *run) progress(percent float64, doing string) {
	r.meter.advance(percent)
	r.notify(report.Event{Type: report.EventProgress, Percent: r.meter.stage, Message: doing})
}

// progressUntil is progress for a part of the running stage, which goes from
// where the stage is now to end.
func (r *run) progressUntil(end float64) func(percent float64, doing string) {
	begin := r.meter.stage
	return func(percent float64, doing string) { r.progress(begin+(end-begin)*percent/100, doing) }
}

func (r *run) notify(e report.Event) {
	e.Time = report.Now()
	e.TotalPercent = r.meter.total
	if e.Stage == "" && e.Type != report.EventFinished {
		e.Stage = r.stage
	}
	if r.progressFile != nil {
		r.progressFile.write(e)
	}
	if r.options.Notify != nil {
		r.options.Notify(e)
	}
}
