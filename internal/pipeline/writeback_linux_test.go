package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// TestFlushAsync asks the kernel how much of a file waits in memory.
func TestFlushAsync(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	before := waiting(t, file)
	if before == 0 {
		t.Skip("nothing waits in memory to be written to this file system")
	}
	if err := flushAsync(file, 0, 8<<20); err != nil {
		t.Fatal(err)
	}
	if after := waiting(t, file); after >= before {
		t.Errorf("%d pages waited to be written, and %d still do", before, after)
	}
}

// TestWriteback makes the file after the first tick, as qemu-img may.
func TestWriteback(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "image")
	tick, stop, ended := make(chan time.Time), make(chan struct{}), make(chan struct{})
	flushed := make(chan string, 3) // the second tick may find the file
	go func() {
		defer close(ended)
		writeback{path: path, tick: tick, flush: func(f *os.File, _, _ int64) error {
			flushed <- f.Name()
			return nil
		}}.run(stop)
	}()
	tick <- time.Time{}
	tick <- time.Time{} // the first one is dealt with
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		tick <- time.Time{}
		if got := <-flushed; got != path {
			t.Errorf("flushed %s, want %s", got, path)
		}
	}
	close(stop)
	<-ended
}

// TestWritebackGivesUp does not ask again where a file system cannot.
func TestWritebackGivesUp(t *testing.T) {
	t.Parallel()
	tick := make(chan time.Time, 2)
	tick <- time.Time{}
	tick <- time.Time{}
	calls := 0
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	writeback{path: path, tick: tick, flush: func(*os.File, int64, int64) error {
		calls++
		return unix.EINVAL
	}}.run(nil)
	if calls != 1 {
		t.Errorf("flushed %d times", calls)
	}
}

// TestWritebackIsStopped between two steps, of which the file has three.
func TestWritebackIsStopped(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2*writebackStep+1); err != nil {
		t.Fatal(err)
	}
	for stopped, want := range map[int]int{1: 1, 2: 2, 3: 3, 4: 3} {
		tick, stop := make(chan time.Time, 1), make(chan struct{})
		tick <- time.Time{}
		var next int64
		calls := 0
		work := writeback{path: path, tick: tick, flush: func(_ *os.File, offset, length int64) error {
			if calls++; calls == stopped {
				close(stop)
			}
			if offset != next {
				t.Errorf("flushed from %d, want %d", offset, next)
			}
			next = offset + length
			return nil
		}}
		if stopped > want { // it goes on with the next tick, which does not come
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if !work.flushAll(file, stop) {
				t.Error("it was not stopped")
			}
			_ = file.Close()
		} else {
			work.run(stop)
		}
		if calls != want {
			t.Errorf("stopped in call %d: flushed %d times, want %d", stopped, calls, want)
		}
	}
}

// TestWritebackOfZeroes is about files that are filled before they are written.
func TestWritebackOfZeroes(t *testing.T) {
	t.Parallel()
	for preallocation, want := range map[string]bool{"": false, "off": false, "metadata": false, "falloc": false, "full": true} {
		if got := writtenTwice(qemuimg.Layout{Preallocation: preallocation}); got != want {
			t.Errorf("preallocation %q: %v, want %v", preallocation, got, want)
		}
	}
}

// TestWritebackWhileCopying waits for a file that nobody flushes.
func TestWritebackWhileCopying(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if waiting(t, file) == 0 {
		t.Skip("nothing waits in memory to be written to this file system")
	}
	defer beginWriteback(path, qemuimg.Layout{})()
	look := time.NewTicker(writebackInterval)
	defer look.Stop()
	// The kernel would begin in half a minute.
	late := time.After(20 * time.Second)
	for waiting(t, file) > 0 {
		select {
		case <-look.C:
		case <-late:
			t.Fatal("the file was not written while it was open to be copied into")
		}
	}
}

// waiting is how many pages of a file wait in memory to be written.
func waiting(t *testing.T, file *os.File) uint64 {
	t.Helper()
	var pages unix.Cachestat_t
	err := unix.Cachestat(uint(file.Fd()), &unix.CachestatRange{}, &pages, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		t.Skipf("this kernel does not tell which pages wait: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pages.Dirty
}
