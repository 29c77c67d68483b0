package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/watch"
)

// commandTimeout ends a command that hangs.
const commandTimeout = 30 * time.Minute

// engineProgram is the file that the command hyper2kvm is a link to.
const engineProgram = "terraform-provider-hyper2kvm"

// command is a program with its arguments, and environment variables beside
// those of this process.
type command struct {
	args []string
	env  []string
}

// outcome is how the commands went that ran at once.
type outcome struct {
	seconds float64   // from the start of the first to the end of the last
	each    []float64 // the wall time of each, in seconds
	output  []string  // the standard output of each
	watched watch.Record
}

// run runs a command and watches it.
func (b *Bench) run(ctx context.Context, env []string, args ...string) (outcome, error) {
	return b.runAll(ctx, []command{{args: args, env: env}})
}

// runAll runs commands at once and watches them. They write to files: a
// straggler that held a pipe would hold up the end.
func (b *Bench) runAll(ctx context.Context, commands []command) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	type end struct {
		number  int
		seconds float64
		err     error
	}
	logs, err := os.MkdirTemp(b.Room, "logs-")
	if err != nil {
		return outcome{}, err
	}
	defer func() { _ = os.RemoveAll(logs) }()
	name := func(number int, stream string) string {
		return filepath.Join(logs, fmt.Sprintf("%d.%s", number, stream))
	}

	o := outcome{each: make([]float64, len(commands)), output: make([]string, len(commands))}
	ends := make(chan end)
	watcher := watch.Start(engineProgram)
	started := time.Now()
	for n, c := range commands {
		go func() {
			start := time.Now()
			err := c.run(ctx, name(n, "out"), name(n, "err"))
			ends <- end{n, time.Since(start).Seconds(), err}
		}()
	}
	var failure error
	for range commands {
		e := <-ends
		o.each[e.number] = e.seconds
		if e.err != nil {
			failure = errors.Join(failure, fmt.Errorf("%s: %w: %s", strings.Join(commands[e.number].args, " "), e.err, tail(name(e.number, "err"))))
			cancel()
		}
	}
	o.seconds = time.Since(started).Seconds()
	o.watched = watcher.Stop()
	if failure != nil {
		watch.KillDescendants()
		return o, failure
	}
	for n := range commands {
		data, err := os.ReadFile(name(n, "out"))
		if err != nil {
			return o, err
		}
		o.output[n] = string(data)
	}
	return o, nil
}

func (c command) run(ctx context.Context, stdout, stderr string) (err error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	out, err := os.Create(stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	messages, err := os.Create(stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, messages.Close()) }()
	cmd.Stdout, cmd.Stderr = out, messages
	return cmd.Run()
}

// tail is the end of what a command said.
func tail(name string) string {
	data, _ := os.ReadFile(name)
	const most = 2000
	return strings.TrimSpace(string(data[max(0, len(data)-most):]))
}

// adoptOrphans makes this process the parent of what its commands leave behind,
// so that daemons are seen and can be ended.
func adoptOrphans() error {
	const setChildSubreaper = 36
	if _, _, errno := syscall.Syscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); errno != 0 {
		return fmt.Errorf("adopting orphaned processes: %w", errno)
	}
	return nil
}
