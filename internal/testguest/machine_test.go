package testguest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pretend launches a shell script in the place of QEMU.
func pretend(t *testing.T, script string) *Machine {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "machine")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	m, err := launch(ctx, exec.CommandContext(ctx, "sh", "-c", script), folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.cancel = cancel
	return m
}

func TestMachineCloseEndsTheProcess(t *testing.T) {
	t.Parallel()
	m := pretend(t, `touch "$TMPDIR/snapshot"; echo "pid $$"; exec sleep 300`)
	_, match, err := m.Console.Expect(t.Context(), regexp.MustCompile(`pid (\d+)\n`))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if exists(filepath.Join("/proc", match[1])) {
		t.Errorf("process %s still runs", match[1])
	}
	if exists(m.folder) {
		t.Error("the machine's folder remains")
	}
	if err := m.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestMachineScriptedLogin(t *testing.T) {
	t.Parallel()
	m := pretend(t, `printf 'web01 login: '; read user; printf 'Password: '; read password; echo "$user:$password"; exec sleep 300`)
	defer func() { _ = m.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, step := range []struct{ expect, send string }{
		{"login: ", "root\n"}, {"Password: ", RootPassword + "\n"}, {"root:" + RootPassword, ""},
	} {
		if _, _, err := m.Console.Expect(ctx, regexp.MustCompile(step.expect)); err != nil {
			t.Fatal(err)
		}
		if err := m.Console.Send(step.send); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMachineReportsQEMUsComplaint(t *testing.T) {
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
	if _, err := Start(t.Context(), BootOptions{}); err == nil {
		t.Error("no disks: no error")
	}
	_, err := Start(t.Context(), BootOptions{Disks: []BootDisk{{Path: filepath.Join(t.TempDir(), "missing.vmdk")}}})
	if !errors.Is(err, syscall.ENOENT) {
		t.Errorf("missing image: %v", err)
	}
}
