// Package worker runs one migration in a child process: this same binary,
// started as its command, in a process group and an environment of its own.
//
// The manifest goes in over standard input, because it holds password hashes
// and argument lists are public. Standard input then stays open; closing it
// asks the child to cancel, which also happens by itself when this process
// dies. Events come back over standard output, one JSON object a line.
package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	// DefaultGracePeriod is how long a child may take to clean up after it was
	// asked to cancel, and to exit after it delivered its report.
	DefaultGracePeriod = 10 * time.Second

	// drainPeriod bounds the wait for the child's output after its group is
	// gone: a process that left the group may hold the pipes open.
	drainPeriod = 2 * time.Second
)

// Job is one migration to run.
type Job struct {
	// Manifest is the migration. Its secrets never reach arguments,
	// environment, files or errors.
	Manifest *manifest.Manifest
	// Acceleration is "auto", "kvm" or "tcg"; empty leaves it to the engine.
	Acceleration string
	// WorkDirectory holds the working files; empty leaves it to the engine.
	WorkDirectory string
	// HostID is the id that this host has in ownership records; empty leaves it
	// to the engine.
	HostID string
	// RunID is the id that the run's ownership records will have, a UUID; empty
	// leaves it to the engine.
	RunID string
	// Notify, if set, receives every event but the last in order. It is called
	// from one goroutine, and the child blocks while it does not return.
	Notify func(report.Event)
	// Executable is the engine; empty means the running binary.
	Executable string
	// GracePeriod is the time to clean up after a cancel; zero means
	// DefaultGracePeriod. After it the child's whole group is killed.
	GracePeriod time.Duration
}

// Run runs the job and waits until its process group is gone.
//
// The report is returned whenever the child delivered one. A migration that
// failed is no error of Run: its report says so. An error means that there is
// no report (*ExitError, or the child could not be started) or that ctx ended
// the migration; it then wraps context.Cause(ctx).
func Run(ctx context.Context, job Job) (*report.Report, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	input, err := json.Marshal(job.Manifest)
	if err != nil {
		return nil, fmt.Errorf("encoding the manifest for the migration process: %w", err)
	}
	executable := job.Executable
	if executable == "" {
		if executable, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("finding the provider's own executable: %w", err)
		}
	}
	grace := job.GracePeriod
	if grace == 0 {
		grace = DefaultGracePeriod
	}

	tail := newTail(secrets(job.Manifest))
	events := newEventSink(job.Notify, tail)
	output := newLines(events.line, maxEventLine)
	diagnostics := newLines(tail.line, maxTailRead)

	cmd := exec.Command(executable, arguments(job)...)
	cmd.Env = environment(os.Environ())
	cmd.Stdout = output
	cmd.Stderr = diagnostics
	cmd.WaitDelay = drainPeriod
	if err := detach(cmd); err != nil {
		return nil, err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("opening the input of the migration process: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the migration process: %w", err)
	}

	// A child that dies before it has read everything makes this fail; how it
	// died is the better story, and Wait tells it.
	go func() { _, _ = stdin.Write(append(input, '\n')) }()

	killed := supervise(ctx, cmd, stdin, events.finished, grace)
	waitErr := cmd.Wait()
	output.flush()
	diagnostics.flush()

	result := events.report
	if result != nil && result.Pipeline.Success {
		return result, nil
	}
	if ctx.Err() != nil {
		return result, cancelled(ctx, result, killed, grace)
	}
	if result != nil {
		return result, nil
	}
	if cmd.ProcessState == nil {
		return nil, fmt.Errorf("waiting for the migration process: %w", waitErr)
	}
	return nil, &ExitError{Cause: cause(cmd.ProcessState), Output: tail.String()}
}

// supervise waits for the child to exit and leaves nothing of its group alive.
// It reports whether the child had to be killed. The child is not reaped yet,
// so that its process group id cannot have been given to somebody else.
func supervise(ctx context.Context, cmd *exec.Cmd, stdin io.Closer, finished <-chan struct{}, grace time.Duration) (killed bool) {
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		awaitExit(cmd)
	}()
	select {
	case <-exited:
	case <-ctx.Done():
	case <-finished:
	}
	_ = stdin.Close()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-exited:
	case <-timer.C:
		killed = true
	}
	killGroup(cmd)
	<-exited
	return killed
}

func cancelled(ctx context.Context, result *report.Report, killed bool, grace time.Duration) error {
	switch {
	case result != nil:
		return fmt.Errorf("the migration was cancelled: %w", context.Cause(ctx))
	case killed:
		return fmt.Errorf("the migration was cancelled; its process did not clean up within %s and was killed, "+
			"and the next migration into the same directory removes what it left: %w", grace, context.Cause(ctx))
	default:
		return fmt.Errorf("the migration was cancelled before it had a report: %w", context.Cause(ctx))
	}
}
