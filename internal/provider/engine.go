package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pluginprocess"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/semaphore"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/worker"
)

// waitingNotice is how often the log tells that a migration still waits.
const waitingNotice = 30 * time.Second

// settings are those of the provider block.
type settings struct {
	acceleration  string
	workDirectory string
	lockDirectory string
	// hostID is the id that this host was given, or empty.
	hostID     string
	concurrent int
	// virtioWin stands in for a migration's own virtio_win, or is empty.
	virtioWin string
}

// engine runs migrations with the provider's settings, a bounded number at a
// time on this host. It is shared by all resources of one Terraform operation.
type engine struct {
	settings
	executable string
	// slots bounds this process, too, where the host's locks cannot be used.
	slots    chan struct{}
	registry *pathRegistry
	// preflightCheck is asked at plan.
	preflightCheck preflightCheck
}

// engineOf takes the engine from what the provider hands on. It is nil while
// the provider is not configured, as during validation.
func engineOf(providerData any, diags *diag.Diagnostics) *engine {
	if providerData == nil {
		return nil
	}
	configured, ok := providerData.(*engine)
	if !ok {
		diags.AddError("Unexpected provider data",
			fmt.Sprintf("Expected *engine, got %T. This is a bug in the provider; please report it.", providerData))
	}
	return configured
}

func newEngine(executable string, s settings) *engine {
	if s.lockDirectory == "" {
		s.lockDirectory = semaphore.DefaultDirectory()
	}
	preflight := &worker.Preflight{Executable: executable, Acceleration: s.acceleration, WorkDirectory: s.workDirectory}
	return &engine{
		settings: s, executable: executable, slots: make(chan struct{}, s.concurrent), registry: newPathRegistry(),
		preflightCheck: preflight.Check,
	}
}

func defaultMaxConcurrent() int { return max(1, runtime.NumCPU()/2) }

// acquire waits for one of the places of this host and returns the function
// that frees it. An error means that ctx has ended.
func (e *engine) acquire(ctx context.Context) (release func(), err error) {
	started := time.Now()
	waiting := func() time.Duration {
		text := fmt.Sprintf("Waiting for other migrations on this host to end, as max_concurrent = %d demands", e.concurrent)
		if waited := time.Since(started).Round(time.Second); waited > 0 {
			text += fmt.Sprintf("; %s so far", waited)
		}
		tflog.Info(ctx, text)
		return waitingNotice
	}
	if err := e.takeSlot(ctx, waiting); err != nil {
		return nil, err
	}
	free, err := e.takePlace(ctx, waiting)
	if err != nil {
		<-e.slots
		return nil, err
	}
	return func() {
		free()
		<-e.slots
	}, nil
}

func (e *engine) takeSlot(ctx context.Context, waiting func() time.Duration) error {
	select {
	case e.slots <- struct{}{}:
		return nil
	default:
	}
	notice := time.NewTimer(waiting())
	defer notice.Stop()
	for {
		select {
		case e.slots <- struct{}{}:
			return nil
		case <-notice.C:
			notice.Reset(waiting())
		case <-ctx.Done():
			return waitCancelled(ctx)
		}
	}
}

// takePlace goes without a place where the host's locks cannot be used.
func (e *engine) takePlace(ctx context.Context, waiting func() time.Duration) (free func(), err error) {
	alone := func(err error) func() {
		tflog.Warn(ctx, "Migrations of other Terraform runs do not count for max_concurrent: "+err.Error())
		return func() {}
	}
	places, err := semaphore.New(e.lockDirectory, e.concurrent)
	if err != nil {
		return alone(err), nil
	}
	free, err = places.Acquire(ctx, waiting)
	if ctx.Err() != nil {
		if free != nil {
			free()
		}
		return nil, waitCancelled(ctx)
	}
	if err != nil {
		free = alone(err)
	}
	return free, nil
}

func waitCancelled(ctx context.Context) error {
	return fmt.Errorf("cancelled while it waited for a place on this host: %w", context.Cause(ctx))
}

// run runs one migration; acquire a place first.
func (e *engine) run(ctx context.Context, m *manifest.Manifest) (*report.Report, error) {
	ctx, end := pluginprocess.Migration(ctx)
	defer end()
	id := uuid.NewString()
	rep, err := worker.Run(ctx, worker.Job{
		Manifest:      e.complete(m),
		Acceleration:  e.acceleration,
		WorkDirectory: e.workDirectory,
		HostID:        e.hostID,
		Executable:    e.executable,
		RunID:         id,
		Notify:        newProgressLog(ctx).notify,
	})
	if rep == nil {
		e.cleanUp(context.WithoutCancel(ctx), m, id)
	}
	return rep, err
}

// complete is a manifest with the settings that stand in for what it does not give.
func (e *engine) complete(m *manifest.Manifest) *manifest.Manifest {
	completed := *m
	if completed.Pipeline.Fix.VirtioWin == "" {
		completed.Pipeline.Fix.VirtioWin = e.virtioWin
		completed.Pipeline.Fix.VirtioWin = completed.Pipeline.Fix.VirtioWinPath()
	}
	return &completed
}

// scratch is a directory to work in for what has no output, and removes those that
// dead runs left beside it.
func (e *engine) scratch(ctx context.Context) (*artifact.Run, error) {
	parent := cmp.Or(e.workDirectory, os.TempDir())
	e.sweep(ctx, parent)
	return artifact.NewRun(parent, uuid.NewString())
}

// sweep removes from a directory what dead runs left.
func (e *engine) sweep(ctx context.Context, directory string) {
	removed, err := artifact.Sweep(directory)
	for _, path := range removed {
		tflog.Info(ctx, "Removed "+path+", left by a migration that died")
	}
	if err != nil {
		tflog.Warn(ctx, err.Error())
	}
}

// cleanUp removes what a migration left that died without a word. No state will
// know of it, so nothing of it may stay, and be it complete.
func (e *engine) cleanUp(ctx context.Context, m *manifest.Manifest, run string) {
	for _, directory := range []string{e.workDirectory, m.OutputDirectory(), filepath.Dir(m.ReportPath())} {
		if directory != "" {
			e.sweep(ctx, directory)
		}
	}
	var left []string
	for _, path := range append([]string{imagePath(m)}, m.ReportPath()) {
		left = append(left, filesOf(path, run)...)
	}
	slices.Sort(left)
	removed, err := artifact.Delete(ctx, artifact.Identity{RunID: run}, slices.Compact(left)...)
	for _, path := range removed {
		tflog.Info(ctx, "Removed "+path+", left by a migration that died")
	}
	if err != nil {
		tflog.Warn(ctx, err.Error())
	}
}

// filesOf are the file at path and the images that came with it, by its ownership
// record. There are none where another run has made it.
func filesOf(path, run string) []string {
	record, err := artifact.ReadRecord(path)
	if err != nil || record.RunID != run {
		return nil
	}
	files := []string{path}
	var origin report.Origin
	if json.Unmarshal(record.Origin, &origin) == nil {
		for _, image := range origin.Artifacts {
			if image.Path != path {
				files = append(files, image.Path)
			}
		}
	}
	return files
}
