package semaphore

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const holderVariable = "SEMAPHORE_TEST_DIRECTORY"

// TestMain lets this binary play another process that holds the only place.
func TestMain(m *testing.M) {
	if directory := os.Getenv(holderVariable); directory != "" {
		one, err := New(directory, 1)
		if err == nil {
			_, err = one.Acquire(context.Background(), never)
		}
		if err != nil {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString("taken\n")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		return
	}
	os.Exit(m.Run())
}

func never() time.Duration { return time.Hour }

func newSemaphore(t *testing.T, directory string, count int) *Semaphore {
	t.Helper()
	made, err := New(directory, count)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func acquire(t *testing.T, s *Semaphore) func() {
	t.Helper()
	free, err := s.Acquire(t.Context(), never)
	if err != nil {
		t.Fatal(err)
	}
	return free
}

// taken reports that no place can be had at once.
func taken(t *testing.T, s *Semaphore) bool {
	t.Helper()
	free, err := s.try()
	if err != nil {
		t.Fatal(err)
	}
	if free != nil {
		free()
	}
	return free == nil
}

func TestPlacesAreBounded(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "locks")
	two := newSemaphore(t, directory, 2)
	first, second := acquire(t, two), acquire(t, two)
	if !taken(t, two) || !taken(t, newSemaphore(t, directory, 1)) {
		t.Error("a third place was given away")
	}
	if taken(t, newSemaphore(t, directory, 3)) {
		t.Error("a larger count has no place more")
	}
	second()
	if taken(t, two) || !taken(t, newSemaphore(t, directory, 1)) {
		t.Error("the second place is not the one that was freed")
	}
	first()
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	one := newSemaphore(t, t.TempDir(), 1)
	free := acquire(t, one)
	told := make(chan bool)
	got := make(chan error)
	go func() {
		again, err := one.Acquire(t.Context(), func() time.Duration {
			select {
			case told <- true:
				return time.Millisecond
			case <-t.Context().Done():
				return time.Hour
			}
		})
		if err == nil {
			again()
		}
		got <- err
	}()
	<-told
	<-told // again
	free()
	for ended := false; !ended; {
		select {
		case <-told:
		case err := <-got:
			if ended = true; err != nil {
				t.Error(err)
			}
		}
	}
	defer acquire(t, one)()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := one.Acquire(ctx, func() time.Duration { cancel(); return time.Hour }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait ends with %v", err)
	}
}

// A killed process must not hold its place.
func TestPlaceOfAKilledProcess(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holderVariable+"="+directory)
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "taken\n" {
		t.Fatalf("%q, %v", line, err)
	}
	one := newSemaphore(t, directory, 1)
	if !taken(t, one) {
		t.Error("the place of another process was given away")
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	acquire(t, one)()
}

func TestDirectoryIsForAllUsers(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "locks")
	acquire(t, newSemaphore(t, directory, 1))()
	info, err := os.Stat(directory)
	if err != nil || info.Mode() != os.ModeDir|os.ModeSticky|0o777 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	lock := filepath.Join(directory, "place-1.lock")
	if info, err := os.Stat(lock); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", lock); err != nil {
		t.Fatal(err)
	}
	if _, err := newSemaphore(t, directory, 1).try(); err == nil {
		t.Error("a symbolic link was followed")
	}
}

// What somebody put into the shared directory must neither hold a provider up
// nor be opened.
func TestPlaceThatIsNoLockFile(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(path string) error{
		"named pipe": func(path string) error { return unix.Mkfifo(path, 0o644) },
		"link":       func(path string) error { return os.Symlink("/dev/null", path) },
		"directory":  func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := filepath.Join(t.TempDir(), "locks")
			one := newSemaphore(t, directory, 1)
			path := filepath.Join(directory, "place-1.lock")
			if err := plant(path); err != nil {
				t.Fatal(err)
			}
			free, err := one.Acquire(t.Context(), func() time.Duration { return time.Minute })
			if free != nil || err == nil || !strings.Contains(err.Error(), path+" is not a lock file") {
				t.Errorf("a place was given away: %v", err)
			}
		})
	}
}
