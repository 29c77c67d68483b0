package pipeline

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
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
	// Freed are files that will have been deleted when the migration runs, and
	// Unplaced says that it is not known yet where its outputs go, or what they may
	// replace. Only Preflight is told these.
	Freed    []string
	Unplaced bool
	// Notify receives each event as it happens. It may be nil.
	Notify func(report.Event)
}

// Run migrates what m describes. The report is never nil and says all that was
// done, also when the run failed or was cancelled; it has been written to the
// manifest's report path if the output directory could be used. A failure is a
// *Error.
func Run(ctx context.Context, m *manifest.Manifest, o Options) (*report.Report, error) {
	return newJob(m, o).run(ctx)
}

// job is one migration: what is asked for, and what all its stages share.
type job struct {
	manifest *manifest.Manifest
	options  Options
	host     host
	say      *reporter
	out      *outputs
}

// host is what a run asks its host for. Tests answer in its place.
type host struct {
	freeSpace func(directory string) (int64, error)
	check     func(context.Context, appliance.Acceleration) []error
	boot      func(context.Context, boot.Machine, boot.Watching) (boot.Outcome, error)
	lacks     func(boot.Firmware) error
	launch    func(context.Context, []appliance.Drive, appliance.Options) (*appliance.Session, error)
}

func newJob(m *manifest.Manifest, o Options) job {
	if o.RunID == "" {
		o.RunID = uuid.NewString()
	}
	say := newReporter()
	if o.Notify != nil {
		say.listen(o.Notify)
	}
	return job{
		manifest: m, options: o, say: say, out: newOutputs(m, say),
		host: host{freeSpace: availableSpace, check: appliance.CheckHost, boot: boot.Watch, lacks: boot.Lacks, launch: appliance.Open},
	}
}

func (j job) run(ctx context.Context) (*report.Report, error) {
	j.say.report.Pipeline.DryRun = j.manifest.Options.DryRun
	return j.finish(ctx, j.stages(ctx))
}

// image is one output file before it is published.
type image struct {
	temporary, final, format, kind string
	virtualSize                    int64
	// sectorSize is of the disk, in bytes; 0 where it is the usual.
	sectorSize int
	// layer is what was laid over the disk for the trial of its guest, or empty.
	layer string
}

// stages runs the enabled stages and stops at the first that fails.
func (j job) stages(ctx context.Context) (failure error) {
	enabled := j.manifest.EnabledStages()
	isEnabled := func(stage string) bool { return slices.Contains(enabled, stage) }

	opened, err := runStage(ctx, j, report.StageLoadManifest, func() (opened, error) { return load(ctx, j) })
	if err != nil {
		return err
	}
	defer opened.source.Close()
	var shared session
	defer func() {
		// An appliance that was killed on purpose closes with an error.
		if closed := shared.end(); failure == nil {
			failure = closed
		}
	}()

	var disks medium = opened
	var seen inspected
	if isEnabled(report.StageInspect) {
		seen, err = runStage(ctx, j, report.StageInspect, func() (inspected, error) { return inspect(ctx, j, opened, &shared) })
		if err != nil {
			return err
		}
		disks = seen.disks
	}
	var images []image
	known, boot := seen.report.Guest, seen.disks.bootDisk
	var mended fixed
	if isEnabled(report.StageFix) {
		mended, err = runStage(ctx, j, report.StageFix, func() (fixed, error) {
			if isEnabled(report.StageInspect) { // which has mounted the guest, or failed
				return repair(ctx, j, seen.guest)
			}
			entered, err := enter(ctx, j, opened, &shared)
			if err != nil {
				return fixed{}, err
			}
			return repair(ctx, j, entered)
		})
		if err != nil {
			return err
		}
		disks, images = mended.guest, mended.images
		known, boot = mended.known, mended.guest.bootDisk
		known.DiskBus, known.NICModel = mended.report.DiskBus, mended.report.NICModel
	}
	j.say.report.NewMachine = neededMachine(opened, known, boot, images)
	machine, tried := targetOf(opened, j.say.report.NewMachine, seen, mended), mended.trial
	if isEnabled(report.StageConvert) {
		converted, err := runStage(ctx, j, report.StageConvert, func() (converted, error) {
			if err := checkBoot(j, machine); err != nil {
				return converted{}, err
			}
			return convert(ctx, j, opened, disks)
		})
		if err != nil {
			return err
		}
		images, tried = converted.images, converted.trial
		j.say.report.NewMachine = neededMachine(opened, known, boot, images)
	}
	if isEnabled(report.StageValidate) {
		_, err = runStage(ctx, j, report.StageValidate, func() (validated, error) { return validate(ctx, j, opened, images, machine, tried) })
	}
	return err
}

// outcome is what a stage returns.
type outcome interface {
	// result is what the report says of it.
	result() report.StageResult
}

// runStage runs one stage and records its outcome.
func runStage[O outcome](ctx context.Context, j job, name string, work func() (O, error)) (done O, err error) {
	enabled := j.manifest.EnabledStages()
	j.say.begin(name, costs(j.manifest, sourceSize(j.manifest, j.out.readers.files), enabled)[slices.Index(enabled, name):])
	if err = ctx.Err(); err == nil {
		done, err = work()
	}
	if err == nil {
		err = j.say.succeeded(done.result())
	}
	if err != nil {
		return done, j.say.failed(ctx, err)
	}
	return done, nil
}
