package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// BusyError says that another run, which lives, is going to publish a file at
// the path. PID is its process on this host, or 0 if that is not known.
type BusyError struct {
	Path string
	PID  int
}

func (e *BusyError) Error() string {
	by := "another migration"
	if e.PID != 0 {
		by += fmt.Sprintf(" (process %d)", e.PID)
	}
	return fmt.Sprintf("%s is being written by %s; wait for it to end, or choose another path", e.Path, by)
}

// reserveTimeout bounds the wait for other runs that reserve paths in the same
// directory, which takes them milliseconds.
const reserveTimeout = 5 * time.Second

// Reserve announces that this run will publish files at paths, whose
// directories must exist, so that two runs with the same output do not find out
// after hours. A path that a living run on this host has reserved is a
// *BusyError. Reservations end with the run.
func (r *Run) Reserve(paths ...string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, path := range paths {
		s, err := r.staging(filepath.Dir(path))
		if err != nil {
			return err
		}
		if err := s.reserve(filepath.Base(path)); err != nil {
			return fmt.Errorf("reserving %s: %w", path, err)
		}
	}
	return nil
}

func (s *staging) reserve(name string) error {
	// Between looking and announcing, nobody else may do the same. Where a
	// directory cannot be locked, publishing decides later.
	lock := flock.New(s.directory, flock.SetFlag(os.O_RDONLY))
	ctx, cancel := context.WithTimeout(context.Background(), reserveTimeout)
	defer cancel()
	_, _ = lock.TryLockContext(ctx, 5*time.Millisecond)
	defer func() { _ = lock.Close() }()

	others, err := os.ReadDir(s.directory)
	if err != nil {
		return err
	}
	for _, other := range others {
		path := filepath.Join(s.directory, other.Name())
		if !strings.HasPrefix(other.Name(), prefix) || !other.IsDir() || path == s.path {
			continue
		}
		if _, err := os.Lstat(filepath.Join(path, reservedName, name)); err != nil {
			continue
		}
		if by, living := living(path); living {
			return &BusyError{Path: filepath.Join(s.directory, name), PID: by}
		}
	}
	mark, err := s.in(reservedName, name)
	if err != nil {
		return err
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		if known := Unwritable(s.directory, err); known != nil {
			return known
		}
		return err
	}
	return nil
}

// living reports whether the run of a staging directory lives on this host, and
// its process.
func living(hidden string) (pid int, living bool) {
	lock, err := tryLock(hidden, 0)
	if err != nil || lock != nil {
		if lock != nil {
			_ = lock.Close()
		}
		return 0, false
	}
	content, err := os.ReadFile(filepath.Join(hidden, lockName))
	var by owner
	if err != nil || json.Unmarshal(content, &by) != nil {
		return 0, !errors.Is(err, fs.ErrNotExist)
	}
	return by.PID, true
}
