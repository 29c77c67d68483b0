//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// actAs makes the test binary the command itself, with one of the engines
// below. Signals belong to a process, so these tests need one of their own.
const actAs = "HYPER2KVM_TEST_ENGINE"

func TestMain(m *testing.M) {
	engines := map[string]Engine{"stopping": stopping, "deaf": deaf, "talkative": talkative, "pipeline": pipeline.Run}
	if engine, ok := engines[os.Getenv(actAs)]; ok {
		os.Exit(Main("test", engine))
	}
	os.Exit(m.Run())
}

// cleaned is the file by which an engine proves that it came to its end.
const cleaned = "cleaned"

// stopping is an engine that cleans up when it is cancelled.
func stopping(ctx context.Context, m *manifest.Manifest, o pipeline.Options) (*report.Report, error) {
	o.Notify(report.Event{Type: report.EventLog, Time: report.Now(), Message: "ready"})
	<-ctx.Done()
	result := report.New()
	result.Pipeline.Cancelled = true
	result.Fail(report.StageFix, context.Cause(ctx).Error(), "")
	result.Finish()
	return result, errors.Join(context.Cause(ctx), os.WriteFile(filepath.Join(m.OutputDirectory(), cleaned), nil, 0o600))
}

// deaf is an engine that hangs whatever happens.
func deaf(ctx context.Context, _ *manifest.Manifest, o pipeline.Options) (*report.Report, error) {
	o.Notify(report.Event{Type: report.EventLog, Time: report.Now(), Message: "ready"})
	<-ctx.Done()
	o.Notify(report.Event{Type: report.EventLog, Time: report.Now(), Message: "cancelled"})
	select {}
}

// talkative is an engine that prints until nobody reads any more, and then some.
func talkative(ctx context.Context, m *manifest.Manifest, o pipeline.Options) (*report.Report, error) {
	for range 200 {
		o.Notify(report.Event{Type: report.EventWarning, Time: report.Now(), Message: strings.Repeat("x", 4096)})
	}
	result, err := stopping(ctx, m, o)
	return result, err
}

type process struct {
	*exec.Cmd
	directory string
	stdin     io.WriteCloser
	stdout    io.ReadCloser
	stderr    *bytes.Buffer
}

func start(t *testing.T, engine string, args ...string) *process {
	t.Helper()
	passOnSignals(t)
	p := &process{Cmd: exec.Command(os.Args[0], args...), stderr: new(bytes.Buffer)}
	file := manifestFile(t, `{}`)
	p.directory = filepath.Dir(file)
	p.Args = append(p.Args, "--manifest", file)
	p.Env = append(os.Environ(), actAs+"="+engine)
	p.Stderr = p.stderr
	var err error
	if p.stdin, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if p.stdout, err = p.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	// A command that does not end is a failure and not a test that hangs.
	watchdog := time.AfterFunc(20*time.Second, func() { _ = p.Process.Kill() })
	t.Cleanup(func() { watchdog.Stop(); _ = p.Process.Kill() })
	return p
}

// passOnSignals lets child processes have the signals that this one was told to
// ignore, as in the background of a script or under nohup: a signal that is
// ignored stays so in a child, one that is handled does not.
func passOnSignals(t *testing.T) {
	t.Helper()
	handled := make(chan os.Signal, 1)
	signal.Notify(handled, syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM)
	t.Cleanup(func() { signal.Stop(handled) })
}

// await reads events until one has that message.
func (p *process) await(t *testing.T, message string) {
	t.Helper()
	reader := bufio.NewReader(p.stdout)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			t.Fatalf("%v before %q; stderr %q", err, message, p.stderr)
		}
		if strings.Contains(line, fmt.Sprintf(`"message":%q`, message)) {
			return
		}
	}
}

// end returns the exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	_, _ = io.Copy(io.Discard, p.stdout)
	_ = p.Wait()
	return p.ProcessState.ExitCode()
}

func (p *process) assertCleaned(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(p.directory, cleaned)); err != nil {
		t.Errorf("the engine did not come to its end: %v", err)
	}
}

func TestSignalCancels(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, "stopping", "--events")
			p.await(t, "ready")
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if code := p.end(t); code != ExitCancelled {
				t.Errorf("exit code %d; stderr %q", code, p.stderr)
			}
			p.assertCleaned(t)
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := start(t, "deaf", "--events")
	p.await(t, "ready")
	for _, step := range []struct {
		signal syscall.Signal
		await  string
	}{
		{syscall.SIGHUP, "cancelled"},
		{syscall.SIGHUP, ""}, // a closing terminal sends several
		{syscall.SIGTERM, ""},
	} {
		if err := p.Process.Signal(step.signal); err != nil {
			t.Fatal(err)
		}
		if step.await != "" {
			p.await(t, step.await)
		}
	}
	if code := p.end(t); code != ExitCancelled {
		t.Errorf("exit code %d, want that of the second signal; stderr %q", code, p.stderr)
	}
}

// TestReaderGone closes both outputs under a run: it must still clean up.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"events": {"--events"}, "lines": {"-v"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			outRead, outWrite, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(directory, "migration.json")
			if err := os.WriteFile(file, []byte(manifestText(directory, `{}`)), 0o600); err != nil {
				t.Fatal(err)
			}
			command := exec.Command(os.Args[0], append(args, "--manifest", file, "--cancel-on-stdin-close")...)
			command.Env = append(os.Environ(), actAs+"=talkative")
			command.Stdout, command.Stderr = outWrite, outWrite
			stdin, err := command.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			watchdog := time.AfterFunc(20*time.Second, func() { _ = command.Process.Kill() })
			defer watchdog.Stop()
			_ = outWrite.Close()
			if _, err := outRead.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			_ = outRead.Close()
			_ = stdin.Close()
			_ = command.Wait()
			if code := command.ProcessState.ExitCode(); code != ExitCancelled {
				t.Errorf("ended with %v", command.ProcessState)
			}
			if _, err := os.Stat(filepath.Join(directory, cleaned)); err != nil {
				t.Errorf("the engine did not come to its end: %v", err)
			}
		})
	}
}
