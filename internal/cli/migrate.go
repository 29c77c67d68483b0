package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// The values of options.verbose.
const (
	quiet = iota
	normal
	verbose
)

// display shows a run.
type display interface {
	// event shows what happened. The calls come one after the other.
	event(report.Event)
	// cancelling shows that the run was told to end, and why.
	cancelling(cause error)
	// finished shows how the run ended. It is the last call.
	finished(*report.Report, error)
}

// abandonedGrace is how long a run may clean up whose caller went away.
const abandonedGrace = 25 * time.Second

// errStdinClosed is why a run was cancelled whose caller went away.
var errStdinClosed = errors.New("standard input was closed")

// migrate reads the manifest, runs it and returns the exit code.
func (c *Command) migrate(ctx context.Context, f flags, dryRunGiven bool) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()

	m, err := c.readManifest(f)
	if err != nil {
		c.refuse(f, err)
		return ExitInvalid
	}
	m.MakeAbsolute() // what is recorded beside the image has to hold in any directory
	f.override(&m.Options, dryRunGiven)
	if err := checkLibvirtXML(f.libvirtXML, m); err != nil {
		c.refuse(f, err)
		return ExitInvalid
	}
	if f.skipFinished {
		if images := c.Finished(m); len(images) > 0 {
			_, _ = fmt.Fprintf(c.Stdout, "An earlier run of this manifest has made %s. Nothing was done.\n", strings.Join(images, ", "))
			return ExitSuccess
		}
	}
	if f.cancelOnStdinClose {
		go func() {
			_, _ = io.Copy(io.Discard, c.Stdin)
			// The caller waits for a while and then kills. If it is dead, nobody
			// does, and a clean-up that hangs must end anyway.
			hanging := time.AfterFunc(abandonedGrace, func() { c.exit(ExitCancelled) })
			context.AfterFunc(ended, func() { hanging.Stop() })
			cancel(errStdinClosed)
		}()
	}
	shown := &serial{display: c.display(f, m)}
	stopTelling := context.AfterFunc(ctx, func() { shown.cancelling(context.Cause(ctx)) })
	result, err := c.Engine(ctx, m, pipeline.Options{
		WorkDirectory: f.workDirectory,
		Acceleration:  appliance.Acceleration(f.acceleration),
		HostID:        f.hostID,
		RunID:         f.runID,
		Notify:        shown.event,
	})
	stopTelling()
	if result == nil { // an engine that broke its promise must not break this command's
		result = failed(err)
		result.Pipeline.Cancelled = ctx.Err() != nil
	}
	shown.finished(result, err)
	if f.libvirtXML != "" && exitCode(result, err) == ExitSuccess {
		if err := writeLibvirtXML(f.libvirtXML, result); err != nil {
			_, _ = fmt.Fprintf(c.Stderr, "hyper2kvm: %v; the images are there\n", err)
			return ExitFailed
		}
	}
	return exitCode(result, err)
}

func exitCode(result *report.Report, err error) int {
	switch {
	case err == nil && result.Pipeline.Success:
		return ExitSuccess
	case result.Pipeline.Cancelled:
		return ExitCancelled
	default:
		return ExitFailed
	}
}

// refuse says why nothing was begun.
func (c *Command) refuse(f flags, err error) {
	if f.events {
		shown := newEventStream(c.Stdout)
		shown.event(report.Event{Type: report.EventError, Time: report.Now(), Stage: report.StageLoadManifest, Message: err.Error()})
		shown.finished(failed(err), err)
		return
	}
	printManifestError(c.Stderr, f.manifest, err)
}

// failed is the report of a run that did not get beyond its manifest.
func failed(err error) *report.Report {
	result := report.New()
	message := "the migration ended without a report"
	if err != nil {
		message = err.Error()
	}
	result.StageFailed(report.StageLoadManifest, 0, message)
	result.Fail(report.StageLoadManifest, message, "")
	result.Finish()
	return result
}

// display picks how the run is shown.
func (c *Command) display(f flags, m *manifest.Manifest) display {
	if f.events {
		return newEventStream(c.Stdout)
	}
	return newConsole(c.Stdout, c.Stderr, m)
}

// serial lets an engine notify from several goroutines at once, and drops what
// comes after the end.
type serial struct {
	mutex   sync.Mutex
	ended   bool
	display display
}

func (s *serial) event(e report.Event) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	// The end is announced here, once, whether or not the engine does it too.
	if s.ended || e.Type == report.EventFinished {
		return
	}
	s.display.event(e)
}

func (s *serial) cancelling(cause error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.ended {
		s.display.cancelling(cause)
	}
}

func (s *serial) finished(r *report.Report, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.ended = true
	s.display.finished(r, err)
}
