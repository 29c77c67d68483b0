package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// newPrefix begins the names of files that are about to replace another.
const newPrefix = prefix + "new-"

// replacements bounds how often a sweep takes a new file for a dead run's, which
// it can do between the file's creation and its lock.
const replacements = 10

// errSwept says that a sweep was faster.
var errSwept = errors.New("another process removes its new file at once; is a sweep running in a loop?")

// Replace writes content to path, whose directory must exist, and replaces what
// is there in one step: readers see the old file or the new one. The mode is 0644
// without the umask, and without what guard takes from it before anything is in
// the file; guard may be nil. What a process leaves that dies meanwhile, a Sweep
// of the directory removes.
func Replace(path string, content []byte, guard func(*os.File) error) error {
	err := errSwept
	for attempt := 0; attempt < replacements && errors.Is(err, errSwept); attempt++ {
		err = replace(path, content, guard)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	// The file is in place whether or not that can be flushed.
	_ = syncDirectory(filepath.Dir(path))
	return nil
}

func replace(path string, content []byte, guard func(*os.File) error) (err error) {
	// Not by os.CreateTemp, whose files get no mode from the umask.
	temporary := filepath.Join(filepath.Dir(path), newPrefix+uuid.NewString())
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeFile(temporary))
		}
	}()
	// Locked as long as this process lives. Where the file system has no locks, a
	// sweep cannot lock it either, and leaves it.
	lock := flock.New(temporary, flock.SetFlag(os.O_RDWR))
	defer func() { err = errors.Join(err, lock.Close()) }()
	held, lockErr := lock.TryLock()
	if errors.Is(lockErr, fs.ErrNotExist) || lockErr == nil && !held {
		return errors.Join(errSwept, file.Close())
	}
	if err := fill(file, content, guard); err != nil {
		return err
	}
	err = os.Rename(temporary, path)
	if errors.Is(err, fs.ErrNotExist) {
		return errSwept
	}
	return err
}

// fill writes content, sees it to the disk and closes the file.
func fill(file *os.File, content []byte, guard func(*os.File) error) (err error) {
	defer func() { err = errors.Join(err, file.Close()) }()
	if guard != nil {
		if err := guard(file); err != nil {
			return err
		}
	}
	if _, err := file.Write(content); err != nil {
		return err
	}
	return file.Sync()
}

// sweepNew removes a file that a process left which died in Replace.
func sweepNew(path string) (removed bool, err error) {
	lock := flock.New(path, flock.SetFlag(os.O_RDWR))
	held, err := lock.TryLock()
	if err != nil || !held {
		return false, lock.Close() // a living process's, another user's, or not to be known
	}
	err = os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, lock.Close()
	}
	return err == nil, errors.Join(err, lock.Close())
}

// isNew reports whether a directory entry is a file of Replace.
func isNew(entry fs.DirEntry) bool {
	id, ours := strings.CutPrefix(entry.Name(), newPrefix)
	return ours && entry.Type().IsRegular() && uuid.Validate(id) == nil
}
