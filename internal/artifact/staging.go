package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// The names inside a staging directory.
const (
	lockName     = "lock"     // locked as long as the run lives; made first, removed last
	workName     = "work"     // Run.Dir
	filesName    = "files"    // temporaries and records before they are published
	asideName    = "aside"    // what published files replaced, until Close
	journalName  = "journal"  // what was published, until Close
	progressName = "progress" // which progress file is this run's
	reservedName = "reserved" // an empty file for each name that will be published
)

// staging is a run's hidden directory inside one directory that it uses. Each
// directory that receives files has its own, so that publishing is a rename
// within one file system and a sweep of that directory finds all there is.
type staging struct {
	directory string // the directory that receives files
	path      string
	lock      *flock.Flock
	entries   []journalEntry
	keep      bool // taking back failed: a sweep must do it
}

// owner is the content of the lock file.
type owner struct {
	// HostID is this machine's own, whatever id it was given: those of one id may
	// not see each other's locks.
	HostID  string    `json:"host_id"`
	BootID  string    `json:"boot_id,omitempty"`
	PID     int       `json:"pid"`
	Created time.Time `json:"created"`
}

// newStaging makes and locks the staging directory of run id in directory.
func newStaging(directory, id string) (*staging, error) {
	path := filepath.Join(directory, prefix+id)
	// A sweep may take the directory for a dead run's between mkdir and lock.
	for range 10 {
		lock, err := takeStaging(path)
		if err != nil {
			return nil, stagingError(directory, "making the hidden directory "+path, err)
		}
		if lock == nil {
			continue
		}
		s := &staging{directory: directory, path: path, lock: lock}
		data, err := json.Marshal(owner{HostID: HostID(), BootID: bootID(), PID: os.Getpid(), Created: time.Now().UTC()})
		if err == nil {
			err = os.WriteFile(filepath.Join(path, lockName), data, 0o600)
		}
		if err != nil {
			return nil, errors.Join(stagingError(directory, "writing the lock file of "+path, err), s.remove())
		}
		return s, nil
	}
	return nil, fmt.Errorf("making the hidden directory %s: another process removes it at once; is a sweep running in a loop?", path)
}

// stagingError says why a staging directory cannot be taken in the directory.
func stagingError(directory, doing string, err error) error {
	if known := Unwritable(directory, err); known != nil {
		err = known
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// takeStaging returns nil without an error when a sweep was faster.
func takeStaging(path string) (*flock.Flock, error) {
	made := os.Mkdir(path, 0o700)
	if made != nil && !errors.Is(made, fs.ErrExist) {
		return nil, made
	}
	lock, err := tryLock(path, os.O_CREATE)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil:
		return lock, nil
	}
	if made == nil {
		err = errors.Join(err, removeFile(filepath.Join(path, lockName)), removeDirectory(path))
	}
	if isUnsupported(err) || errors.Is(err, syscall.ENOLCK) {
		err = fmt.Errorf("its file system has no file locks; choose another directory: %w", err)
	}
	return nil, err
}

// tryLock locks the staging directory at path. It returns nil without an error
// when another process holds the lock, and fs.ErrNotExist when it was removed.
// create is os.O_CREATE for the run itself; a sweep must not put a file into a
// directory that its run is just removing.
func tryLock(path string, create int) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(path, lockName), flock.SetFlag(create|os.O_RDWR), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil || !ok {
		return nil, errors.Join(err, lock.Close())
	}
	// The lock may be on a file that was unlinked between open and lock.
	held, err := lock.Stat()
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	named, err := os.Stat(lock.Path())
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if !os.SameFile(held, named) {
		return nil, errors.Join(fs.ErrNotExist, lock.Close())
	}
	return lock, nil
}

// commit makes what was published final: no sweep takes it back.
func (s *staging) commit() error {
	if len(s.entries) == 0 {
		return nil
	}
	if err := removeFile(filepath.Join(s.path, journalName)); err != nil {
		return err
	}
	return syncDirectory(s.path)
}

// remove removes the staging directory and all in it. The journal goes first,
// which makes what was published final; the lock goes last, so that an
// interrupted removal can be finished by a sweep.
func (s *staging) remove() error {
	if s.lock == nil {
		return nil
	}
	if s.keep {
		err := errors.Join(s.removeProgress(), s.lock.Close())
		s.lock = nil
		return err
	}
	err := errors.Join(s.removeProgress(), removeFile(filepath.Join(s.path, journalName)))
	if err == nil {
		err = s.empty()
	}
	emptied := err == nil
	// Only a closed lock is really gone on file systems that keep open files
	// under another name.
	err = errors.Join(err, s.lock.Close())
	if emptied {
		err = errors.Join(err, s.removeDirectory())
	}
	s.lock = nil
	if err != nil {
		return fmt.Errorf("removing the hidden directory %s: %w", s.path, err)
	}
	return nil
}

// removals bounds how often the emptied directory is seen with another run in it which
// is gone at the next look.
const removals = 10

// removeDirectory removes the emptied directory, unless it is another run's by now.
func (s *staging) removeDirectory() error {
	for removal := 1; ; removal++ {
		err := removeDirectory(s.path)
		if _, taken := os.Lstat(s.lock.Path()); errors.Is(err, fs.ErrNotExist) || taken == nil {
			return nil
		}
		// Another run may have come and gone since.
		if !isNotEmpty(err) || removal == removals {
			return err
		}
	}
}

// empty removes what is in the staging directory, its lock last.
func (s *staging) empty() error {
	entries, err := os.ReadDir(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if entry.Name() != lockName {
			err = errors.Join(err, removeAll(filepath.Join(s.path, entry.Name())))
		}
	}
	if err != nil {
		return err
	}
	held, err := s.lock.Stat()
	if err != nil {
		return err
	}
	// To a sweep, the directory of a run that has just begun looks like a dead one's.
	// When such a run finds the old lock unlinked, it takes the directory with a new
	// one, and from then on the directory is that run's.
	named, err := os.Lstat(s.lock.Path())
	if err == nil && os.SameFile(held, named) {
		err = os.Remove(s.lock.Path())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// in returns a path below one of the staging directory's directories, which it makes.
func (s *staging) in(name, base string) (string, error) {
	directory := filepath.Join(s.path, name)
	if err := os.Mkdir(directory, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("making the hidden directory %s: %w", directory, err)
	}
	return filepath.Join(directory, base), nil
}
