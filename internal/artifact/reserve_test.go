package artifact

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestReserve(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	image, report := filepath.Join(directory, "web.qcow2"), filepath.Join(directory, "report.json")
	first, second := newRun(t, directory), newRun(t, directory)
	if err := first.Reserve(image, report); err != nil {
		t.Fatal(err)
	}
	if err := first.Reserve(image); err != nil {
		t.Errorf("a run is in its own way: %v", err)
	}
	if err := second.Reserve(filepath.Join(directory, "db.qcow2")); err != nil {
		t.Errorf("another name: %v", err)
	}
	var busy *BusyError
	if err := second.Reserve(report); !errors.As(err, &busy) || busy.PID != os.Getpid() || busy.Path != report {
		t.Errorf("a reserved path: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.Reserve(image, report); err != nil {
		t.Errorf("what a run that has ended reserved: %v", err)
	}
}

// A link to the directory does not make it another one.
func TestReserveThroughALink(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(directory, link); err != nil {
		t.Fatal(err)
	}
	if err := newRun(t, directory).Reserve(filepath.Join(directory, "web.qcow2")); err != nil {
		t.Fatal(err)
	}
	var busy *BusyError
	if err := newRun(t, link).Reserve(filepath.Join(link, "web.qcow2")); !errors.As(err, &busy) {
		t.Errorf("the same file through a link: %v", err)
	}
}

func TestReserveWhatADeadRunReserved(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	dead := filepath.Join(directory, prefix+"00000000-0000-4000-8000-000000000000")
	for _, d := range []string{dead, filepath.Join(dead, reservedName)} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{lockName, filepath.Join(reservedName, "web.qcow2")} {
		if err := os.WriteFile(filepath.Join(dead, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := newRun(t, directory).Reserve(filepath.Join(directory, "web.qcow2")); err != nil {
		t.Errorf("%v", err)
	}
}

// Of many runs at once, one gets the path.
func TestReserveAtTheSameTime(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	var won []*Run
	var mutex sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		r := newRun(t, directory)
		all.Go(func() {
			err := r.Reserve(filepath.Join(directory, "web.qcow2"))
			mutex.Lock()
			defer mutex.Unlock()
			if err == nil {
				won = append(won, r)
			} else if !strings.Contains(err.Error(), "is being written by another migration") {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(won) != 1 {
		t.Errorf("%d runs reserved the same path", len(won))
	}
}
