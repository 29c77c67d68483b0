package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// UnwritableError says why nothing can be written in a directory, where that is
// known, and what helps.
type UnwritableError struct {
	Directory string
	cause     error
	why       string
	remedy    string
}

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("%s cannot be written: %s", e.Directory, e.why)
}

// Unwrap returns what the system said.
func (e *UnwritableError) Unwrap() error { return e.cause }

// Remedy is what to do about it.
func (e *UnwritableError) Remedy() string { return e.remedy }

// Unwritable is the *UnwritableError for what the system said of a write in the
// directory, or nil where the cause is none of those that are known.
func Unwritable(directory string, err error) error {
	e := &UnwritableError{Directory: reachable(directory), cause: err}
	var known *UnwritableError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, syscall.EROFS):
		e.why, e.remedy = "its file system is mounted read-only", "mount it for writing, or choose another directory"
	case errors.Is(err, fs.ErrPermission):
		e.why, e.remedy = "permission denied", "change its permissions, or choose another directory"
	case errors.Is(err, syscall.ENOSPC):
		e.why, e.remedy = "no space left on device", "free space there, or choose another directory"
	case errors.Is(err, syscall.EDQUOT):
		e.why, e.remedy = "the disk quota is used up", "free space there or raise the quota, or choose another directory"
	default:
		return nil
	}
	return e
}

// reachable is the directory, or the first of those above it that this user can
// look at.
func reachable(directory string) string {
	for {
		_, err := os.Stat(directory)
		above := filepath.Dir(directory)
		if err == nil || above == directory {
			return directory
		}
		directory = above
	}
}
