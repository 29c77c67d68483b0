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
	waiting := func() uint64 {
		var pages unix.Cachestat_t
		if err := unix.Cachestat(uint(file.Fd()), &unix.CachestatRange{}, &pages, 0); errors.Is(err, unix.ENOSYS) {
			t.Skip("this kernel does not tell which pages wait")
		} else if err != nil {
			t.Fatal(err)
		}
		return pages.Dirty
	}
	before := waiting()
	if before == 0 {
		t.Skip("nothing waits in memory to be written to this file system")
	}
	if err := flushAsync(file); err != nil {
		t.Fatal(err)
	}
	if after := waiting(); after >= before {
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
		writeback{path: path, tick: tick, flush: func(f *os.File) error {
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
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	writeback{path: path, tick: tick, flush: func(*os.File) error {
		calls++
		return unix.EINVAL
	}}.run(nil)
	if calls != 1 {
		t.Errorf("flushed %d times", calls)
	}
}

// TestWritebackWhileCopying looks at what a file has left when its copying ends.
func TestWritebackWhileCopying(t *testing.T) {
	t.Parallel()
	for preallocation, wants := range map[string]bool{"": true, "off": true, "metadata": true, "falloc": true, "full": false} {
		path := filepath.Join(t.TempDir(), "image")
		if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		end := beginWriteback(path, qemuimg.Layout{Preallocation: preallocation})
		written := func() bool {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = file.Close() }()
			var pages unix.Cachestat_t
			if err := unix.Cachestat(uint(file.Fd()), &unix.CachestatRange{}, &pages, 0); err != nil {
				t.Skipf("this kernel does not tell which pages wait: %v", err)
			}
			return pages.Dirty == 0
		}
		if written() {
			end()
			t.Skip("nothing waits in memory to be written to this file system")
		}
		deadline := time.After(20 * time.Second)
		if !wants {
			deadline = time.After(5 * writebackInterval)
		}
		look := time.NewTicker(writebackInterval)
		done := false
		for over := false; !over && !done; done = written() {
			select {
			case <-look.C:
			case <-deadline:
				over = true
			}
		}
		look.Stop()
		end()
		if done != wants {
			t.Errorf("preallocation %q: written while it was copied: %v, want %v", preallocation, done, wants)
		}
	}
}
