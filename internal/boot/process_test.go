package boot

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pretend starts a shell script in the place of QEMU.
func pretend(t *testing.T, script string) *Process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p, err := StartProcess(ctx, cancel, exec.CommandContext(ctx, "sh", "-c", script), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProcessCloseEndsTheProcess(t *testing.T) {
	t.Parallel()
	m := pretend(t, `echo "pid $$"; exec sleep 300`)
	_, match, err := m.Console.Expect(t.Context(), regexp.MustCompile(`pid (\d+)\n`))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := os.Stat(filepath.Join("/proc", match[1])); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("process %s still runs", match[1])
	}
	if err := m.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestProcessScriptedLogin(t *testing.T) {
	t.Parallel()
	m := pretend(t, `printf 'web01 login: '; read user; printf 'Password: '; read password; echo "$user:$password"; exec sleep 300`)
	defer func() { _ = m.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, step := range []struct{ expect, send string }{
		{"login: ", "root\n"}, {"Password: ", "secret\n"}, {"root:secret", ""},
	} {
		if _, _, err := m.Console.Expect(ctx, regexp.MustCompile(step.expect)); err != nil {
			t.Fatal(err)
		}
		if err := m.Console.Send(step.send); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProcessReportsComplaints(t *testing.T) {
	t.Parallel()
	m := pretend(t, `echo "qemu: could not open disk image" >&2; exit 1`)
	state, err := m.WaitState(t.Context(), "")
	if state != StateExited || err != nil {
		t.Errorf("got %s, %v", state, err)
	}
	<-m.ended
	if err := m.Close(); err == nil || !strings.Contains(err.Error(), "could not open disk image") {
		t.Errorf("Close: %v", err)
	}
}

func TestWaitStateTellsTimeoutFromCancel(t *testing.T) {
	t.Parallel()
	m := pretend(t, "exec sleep 300")
	defer func() { _ = m.Close() }()
	late, cancelLate := context.WithDeadline(t.Context(), time.Now())
	defer cancelLate()
	if state, err := m.WaitState(late, ""); state != StateNothing || err != nil {
		t.Errorf("after the deadline: %s, %v", state, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.WaitState(cancelled, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancel: %v", err)
	}
}

func TestStartNeedsDisks(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), Machine{}); err == nil {
		t.Error("no disks: no error")
	}
	_, err := Start(t.Context(), Machine{Disks: []Disk{{Path: filepath.Join(t.TempDir(), "missing.vmdk")}}})
	if !errors.Is(err, syscall.ENOENT) {
		t.Errorf("missing image: %v", err)
	}
}

// TestRunOwnedKillsTheGroup starts a program whose child outlives it and holds
// the output open: without the kill of the whole group Wait would not return.
func TestRunOwnedKillsTheGroup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	cmd := exec.CommandContext(ctx, "sh", "-c", "sleep 300 & echo started; wait")
	cmd.Stdout = writer
	ended := make(chan error, 1)
	go func() { ended <- RunOwned(cmd) }()
	if _, err := reader.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) && err == nil {
			t.Error("no error from a killed program")
		}
	case <-time.After(2 * KillDelay):
		t.Fatal("still running")
	}
}
