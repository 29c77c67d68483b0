// Package worker runs one migration in a child process: this same binary,
// started as its command, in a process group and an environment of its own.
//
// The manifest goes in over standard input, because it holds password hashes
// and argument lists are public. Standard input then stays open; closing it
// asks the child to cancel, which also happens by itself when this process
// dies. Events come back over standard output, one JSON object a line.
package worker

import (
	"cmp"
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
	p, err := start(job)
	if err != nil {
		return nil, err
	}
	grace := cmp.Or(job.GracePeriod, DefaultGracePeriod)
	killed := supervise(ctx, p.cmd, p.stdin, p.events.finished, grace)
	waitErr := p.wait()

	result := p.events.report
	if result != nil && result.Pipeline.Success {
		return result, nil
	}
	if ctx.Err() != nil {
		return result, cancelled(ctx, result, killed, grace)
	}
	if result != nil {
		return result, nil
	}
	if p.cmd.ProcessState == nil {
		return nil, fmt.Errorf("waiting for the migration process: %w", waitErr)
	}
	return nil, &ExitError{Cause: cause(p.cmd.ProcessState), Output: p.tail.String()}
}

// process is a child that runs a job.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	// events are read from output, its standard output, and tail keeps the end of all
	// that is printed there and on diagnostics, its standard error.
	events              *eventSink
	tail                *tail
	output, diagnostics *lines
}

// start starts the child and gives it the manifest.
func start(job Job) (*process, error) {
	input, err := json.Marshal(job.Manifest)
	if err != nil {
		return nil, fmt.Errorf("encoding the manifest for the migration process: %w", err)
	}
	program, err := executable(job.Executable)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(program, arguments(job)...), tail: newTail(secrets(job.Manifest))}
	p.events = newEventSink(job.Notify, p.tail)
	p.output, p.diagnostics = newLines(p.events.line, maxEventLine), newLines(p.tail.line, maxTailRead)
	p.cmd.Env = environment(os.Environ())
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.diagnostics
	p.cmd.WaitDelay = drainPeriod
	if err := detach(p.cmd); err != nil {
		return nil, err
	}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("opening the input of the migration process: %w", err)
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the migration process: %w", err)
	}
	// A child that dies before it has read everything makes this fail; how it
	// died is the better story, and Wait tells it.
	go func() { _, _ = stdin.Write(append(input, '\n')) }()
	return p, nil
}

// wait reaps a child that has exited, when all that it printed was read.
func (p *process) wait() error {
	err := p.cmd.Wait()
	p.output.flush()
	p.diagnostics.flush()
	return err
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
