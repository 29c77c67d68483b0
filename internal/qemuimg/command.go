package qemuimg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// command is one run of qemu-img.
type command struct {
	// action says what is done, to complete "while ...".
	action string
	args   []string
	limits *limits
	// stdout receives the output as it comes; nil collects it.
	stdout io.Writer
}

// limits bound a run that reads headers which may be hostile.
type limits struct {
	addressSpace uint64 // bytes
	cpu          uint64 // seconds
	wall         time.Duration
}

// headerLimits are generous for any honest image: its headers and tables.
var headerLimits = limits{addressSpace: 2 << 30, cpu: 60, wall: 2 * time.Minute}

// tableLimits are for what goes through all of an image's tables: those of an
// honest one of 64 TiB take some 2 GiB.
var tableLimits = limits{addressSpace: 6 << 30, cpu: 30 * 60, wall: 2 * time.Hour}

// outputDelay is how long output that nobody closes may hold a killed run.
const outputDelay = 10 * time.Second

// maxOutput is how much of what qemu-img prints is kept, in bytes.
const maxOutput = 8 << 20

// run starts qemu-img, waits for its end and returns what it printed and its
// exit code. A child that is killed or cannot be started is an error; what
// other exit codes mean is for the caller to say.
func (c command) run(ctx context.Context) (stdout []byte, code int, failure error) {
	path, err := find(c.action)
	if err != nil {
		return nil, -1, err
	}
	runCtx := ctx
	if c.limits != nil {
		var cancel context.CancelFunc
		runCtx, cancel = context.WithTimeout(ctx, c.limits.wall)
		defer cancel()
	}
	cmd := exec.CommandContext(runCtx, path, c.args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, errs := &limitedBuffer{limit: maxOutput}, &limitedBuffer{limit: 64 << 10}
	cmd.Stdout, cmd.Stderr = out, errs
	if c.stdout != nil {
		cmd.Stdout = c.stdout
	}
	cmd.WaitDelay = outputDelay
	bindToParent(cmd)

	// The kernel kills the child when the thread that started it ends, so that
	// thread has to stay until the child is gone.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return nil, -1, &Error{Action: c.action, Err: err}
	}
	if c.limits != nil {
		if err := limit(cmd.Process.Pid, *c.limits); err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return nil, -1, &Error{Action: c.action, Err: fmt.Errorf("limiting qemu-img: %w", err)}
		}
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return nil, -1, fmt.Errorf("%s: %w", c.action, context.Cause(ctx))
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.kept.Bytes(), 0, nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return out.kept.Bytes(), exit.ExitCode(), newError(c.action, errs.kept.String(), err)
	case c.limits != nil:
		return nil, -1, remedy.With(&Error{
			Action: c.action, Err: fmt.Errorf("qemu-img was stopped because it used too much time or memory (%w)", err),
			Stderr: shorten(errs.kept.String()),
		}, "see whether the file's storage answers quickly, and try again; if it does, the image's headers are damaged or forged: "+
			"take the disk again from where it came from")
	default:
		return nil, -1, newError(c.action, errs.kept.String(), err)
	}
}

// Installed reports as an error that there is no qemu-img.
func Installed() error {
	_, err := find("looking for qemu-img")
	return err
}

func find(action string) (string, error) {
	path, err := exec.LookPath("qemu-img")
	if err != nil {
		return "", remedy.With(&Error{Action: action, Err: err}, "install qemu-img (Debian, Ubuntu: qemu-utils; Fedora, RHEL: qemu-img)")
	}
	return path, nil
}

// output runs the command and takes every exit code but 0 for a failure.
func (c command) output(ctx context.Context) ([]byte, error) {
	stdout, _, err := c.run(ctx)
	return stdout, err
}

// limitedBuffer keeps the first bytes written to it and drops the rest.
type limitedBuffer struct {
	kept  bytes.Buffer
	limit int
}

// Write never fails, so that the writer is not killed by a closed pipe.
func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := b.limit - b.kept.Len(); room > 0 {
		b.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
