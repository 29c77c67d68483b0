//go:build cgo

package appliance

import (
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

// TestThreadChildren: a launch that is given up ends what it has started, and not
// the appliance that was launched on the same thread before.
func TestThreadChildren(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := func() *exec.Cmd {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sleep", "600")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Wait() }) // killed when the test's context ends
		return cmd
	}
	before, stays := start(), start()
	started := startedFromNow(syscall.Gettid())
	if found := started.list(); len(found) > 0 {
		t.Errorf("before anything is started: %v", found)
	}
	ours := start()
	want := []int{ours.Process.Pid}
	if found := started.list(); !slices.Equal(found, want) {
		t.Errorf("with what was there before, %d and %d: %v, want %v", before.Process.Pid, stays.Process.Pid, found, want)
	}
	if err := before.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = before.Wait() // killed, which was meant
	if found := started.list(); !slices.Equal(found, want) {
		t.Errorf("when one of those is gone: %v, want %v", found, want)
	}
}
