package bootloader

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// processorTime is what the thread has had of processors.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// A guest may hold a hostile file of any shape.
func TestEditsTakeLinearTime(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := processorTime(t)
	for _, unit := range []string{"a", "\"", "'", "\\", "{\n", "linux a root=/dev/sda2\n", "search --fs-uuid x\n", "/", "\n"} {
		long := strings.Repeat(unit, 1<<18/len(unit))
		editGrubConfig(long, testScope)
		editGrubLegacy(long, testScope)
		editSyslinux(long, testScope)
		editGrubenv(padGrubenv(grubenvSignature+long), testScope)
	}
	if took := processorTime(t) - start; took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}
