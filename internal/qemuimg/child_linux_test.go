package qemuimg

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

const parentVariable = "QEMUIMG_TEST_PARENT"

// TestMain lets this binary play the process that dies before its child.
func TestMain(m *testing.M) {
	if os.Getenv(parentVariable) != "" {
		_, _ = command{action: "hanging"}.output(context.Background())
		return
	}
	os.Exit(m.Run())
}

// fakeQEMUImg puts a shell script in the place of qemu-img.
func fakeQEMUImg(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "qemu-img"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// hangingQEMUImg is a qemu-img that writes its process id to a pipe and hangs.
func hangingQEMUImg(t *testing.T) (pid func() int) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "pid")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	fakeQEMUImg(t, "echo $$ >"+fifo+"; exec sleep 300")
	return func() int {
		f, err := os.Open(fifo)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		line, err := bufio.NewReader(f).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		number, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		return number
	}
}

// awaitEnd returns when a process that need not be a child has ended.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 20_000)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			t.Fatalf("process %d still runs (%v)", pid, err)
		}
		return
	}
}

func TestCancelKillsTheChild(t *testing.T) {
	pid := hangingQEMUImg(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := command{action: "hanging"}.output(ctx)
		done <- err
	}()
	child := pid()
	if group, err := unix.Getpgid(child); err != nil || group != child {
		t.Errorf("the child is in process group %d, %v", group, err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := unix.Kill(child, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
}

func TestChildDiesWithItsParent(t *testing.T) {
	pid := hangingQEMUImg(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentVariable+"=1")
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	child := pid()
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	awaitEnd(t, child)
}

func TestLimitsHoldForTheChildAlone(t *testing.T) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &before); err != nil {
		t.Fatal(err)
	}
	fakeQEMUImg(t, `while [ "$(ulimit -v)" = unlimited ] || [ "$(ulimit -t)" = unlimited ]; do :; done; echo "$(ulimit -v) $(ulimit -t) $LC_ALL"`)
	out, err := command{action: "looking", limits: &limits{addressSpace: 1 << 30, cpu: 9, wall: time.Minute}}.output(t.Context())
	if err != nil || strings.TrimSpace(string(out)) != "1048576 9 C" {
		t.Errorf("limits %q, %v", out, err)
	}
	var after unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &after); err != nil || after != before {
		t.Errorf("own limit %+v, before %+v, %v", after, before, err)
	}
}

func TestLimitOfTime(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		limits limits
	}{
		"wall": {script: "exec sleep 300", limits: limits{addressSpace: 1 << 30, cpu: 60, wall: 50 * time.Millisecond}},
		"cpu":  {script: "while :; do :; done", limits: limits{addressSpace: 1 << 30, cpu: 0, wall: time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			fakeQEMUImg(t, test.script)
			_, err := command{action: "reading x", limits: &test.limits}.output(t.Context())
			var failure *Error
			if !errors.As(err, &failure) || !strings.Contains(err.Error(), "too much time or memory") || remedy.Of(err) == "" {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestMissingQEMUImgIsNamedWithItsPackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Version(t.Context())
	var failure *Error
	if !errors.As(err, &failure) || !strings.Contains(remedy.Of(err), "qemu-utils") {
		t.Errorf("error %v", err)
	}
}

func TestOutputIsBounded(t *testing.T) {
	fakeQEMUImg(t, "head -c 20000000 /dev/zero; echo problem >&2; exit 1")
	out, code, err := command{action: "reading x"}.run(t.Context())
	if len(out) != maxOutput || code != 1 || err == nil || err.Error() != "reading x: problem" {
		t.Errorf("%d bytes, code %d, %v", len(out), code, err)
	}
}
