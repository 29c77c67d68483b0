package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/imagename"
)

// KillDelay is how long a program has to end after SIGTERM.
const KillDelay = 5 * time.Second

// RunOwned runs cmd in a process group of its own that ends when cmd's context
// does, and never outlives this process.
func RunOwned(cmd *exec.Cmd) error { return runOwned(cmd, func() {}) }

// runOwned is RunOwned, and calls started when cmd runs or failed to.
func runOwned(cmd *exec.Cmd, started func()) error {
	bind(cmd)
	cmd.WaitDelay = KillDelay
	// The kernel kills the child when the thread that started it ends, so that
	// thread must live as long as the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started()
	if err != nil {
		return err
	}
	defer killGroup(cmd)
	return cmd.Wait()
}

// Process is a running program whose standard input and output are a console.
type Process struct {
	Console *Console

	cancel  context.CancelFunc
	started chan struct{} // or failed to
	ended   chan struct{}
	closing sync.Once
	failed  error
}

// StartProcess runs cmd, which must be a command of ctx. cancel ends ctx.
func StartProcess(ctx context.Context, cancel context.CancelFunc, cmd *exec.Cmd, log io.Writer) (*Process, error) {
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("opening the serial console: %w", err)
	}
	output, outputEnd := io.Pipe()
	cmd.Stdout = outputEnd
	complaints := &firstBytes{limit: 64 << 10}
	cmd.Stderr = complaints

	p := &Process{started: make(chan struct{}), ended: make(chan struct{}), cancel: cancel}
	p.Console = NewConsole(input, output, log)
	go func() {
		defer close(p.ended)
		if err := runOwned(cmd, func() { close(p.started) }); err != nil && ctx.Err() == nil {
			p.failed = fmt.Errorf("%s: %w: %s", cmd.Args[0], err, strings.TrimSpace(imagename.Plain(string(complaints.kept))))
		}
		_ = outputEnd.Close()
	}()
	return p, nil
}

// Close ends the program and returns what went wrong with it, if anything did
// before. Further calls return the same.
func (p *Process) Close() error {
	p.closing.Do(func() {
		p.cancel()
		<-p.ended
	})
	return p.failed
}

// WaitState waits until the console shows a final state, typing passphrase when
// it asks for one. A deadline that passes is StateNothing, not an error; a
// cancelled context is an error.
func (p *Process) WaitState(ctx context.Context, passphrase string) (State, error) {
	return p.Console.WaitState(ctx, passphrase)
}

// WaitState is that of a Process.
func (c *Console) WaitState(ctx context.Context, passphrase string) (State, error) {
	for {
		state := StateNothing
		err := c.wait(ctx, func(text []byte) bool {
			state = Classify(string(text[c.answered:])) // prompts before are answered
			return state != StateNothing
		})
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return StateNothing, nil
		case errors.Is(err, ErrConsoleClosed):
			return StateExited, nil
		case err != nil:
			return StateNothing, fmt.Errorf("waiting for the guest to boot: %w", err)
		}
		if state != StatePassphrase || passphrase == "" {
			return state, nil
		}
		if err := c.answer(passphrase); err != nil {
			return StateNothing, err
		}
	}
}

// firstBytes keeps the first bytes written to it and drops the rest.
type firstBytes struct {
	kept  []byte
	limit int
}

// Write never fails, so that the writer is not killed by a closed pipe.
func (b *firstBytes) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), max(0, b.limit-len(b.kept)))]...)
	return len(p), nil
}
