// Package semaphore bounds how many migrations run on a host at the same time,
// whichever processes they belong to.
package semaphore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// pollInterval is how often a waiting migration looks for a free place. Locks
// of other processes cannot be waited for in a way that can be cancelled.
const pollInterval = 200 * time.Millisecond

// Semaphore is numbered lock files in a directory, one for each place. A process
// that dies frees its place. Processes with different counts share the lower numbers, so that no
// more run than the largest count among them.
type Semaphore struct {
	directory string
	count     int
}

// New makes the directory if it is missing. The directory may belong to another
// user, so that users share it.
func New(directory string, count int) (*Semaphore, error) {
	if err := os.Mkdir(directory, 0o777); err == nil {
		// Whatever the umask is, other users get their places here, too, and
		// cannot take away this one's.
		if err := os.Chmod(directory, 0o777|fs.ModeSticky); err != nil {
			return nil, fmt.Errorf("opening the directory of locks %s to all users: %w", directory, err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the directory of locks %s: %w", directory, err)
	}
	return &Semaphore{directory: directory, count: count}, nil
}

// Acquire waits for a free place and returns the function that frees it. waiting
// is called at once if there is none, and again after each interval that it
// returns.
func (s *Semaphore) Acquire(ctx context.Context, waiting func() (again time.Duration)) (free func(), err error) {
	free, err = s.try()
	if free != nil || err != nil {
		return free, err
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	told := time.NewTimer(waiting())
	defer told.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-told.C:
			told.Reset(waiting())
		case <-tick.C:
			if free, err = s.try(); free != nil || err != nil {
				return free, err
			}
		}
	}
}

// try returns nothing if all places are taken.
func (s *Semaphore) try() (free func(), err error) {
	for n := range s.count {
		path := filepath.Join(s.directory, fmt.Sprintf("place-%d.lock", n+1))
		if err := create(path); err != nil {
			return nil, err
		}
		// In a directory for all users somebody may have put anything there.
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			return nil, errors.Join(fmt.Errorf("%s is not a lock file: remove it, or set lock_directory", path), err)
		}
		// Reading is enough for a lock, and another user's file allows no more.
		lock := flock.New(path, flock.SetFlag(os.O_RDONLY|noFollow))
		ok, err := lock.TryLock()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), lock.Close())
		}
		if ok {
			return func() { _ = lock.Close() }, nil
		}
		if err := lock.Close(); err != nil {
			return nil, fmt.Errorf("closing %s: %w", path, err)
		}
	}
	return nil, nil
}

// create makes a lock file that is not there yet. It never opens an existing
// one for writing, which Linux refuses for files of others in shared
// directories.
func create(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY|noFollow, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("making the lock file %s: %w", path, err)
	}
	// A strict umask must not keep other users from locking it.
	return errors.Join(file.Chmod(0o644), file.Close())
}
