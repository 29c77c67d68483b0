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
// the appliance that was launched before, on the same thread or on one that ends.
func TestThreadChildren(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := func() int {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sleep", "600")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Wait() }) // killed when the test's context ends
		return cmd.Process.Pid
	}
	same, elsewhere := start(), make(chan int)
	go func() {
		defer close(elsewhere)
		elsewhere <- start()
	}()
	other := <-elsewhere
	started := startedFromNow(syscall.Gettid())
	if found := started.list(); len(found) > 0 {
		t.Errorf("before anything is started: %v", found)
	}
	ours := start()
	if found, want := started.list(), []int{ours}; !slices.Equal(found, want) {
		t.Errorf("this thread has started %v, want %v", found, want)
	}
	if found, want := started.later([]int{same, other, ours}), []int{ours}; !slices.Equal(found, want) {
		t.Errorf("with the children of a thread that ended: %v, want %v", found, want)
	}
	started.earlier[same] = "0"
	if found, want := started.later([]int{same, other, ours}), []int{same, ours}; !slices.Equal(found, want) {
		t.Errorf("with a number that was given anew: %v, want %v", found, want)
	}
}
