package artifact

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Move moves a file to a path from Run.Temporary, by copying where the work
// directory is on another file system. An existing file at to is replaced.
func Move(from, to string) error {
	err := os.Rename(from, to)
	if err == nil || !errors.Is(err, syscall.EXDEV) {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // opened for reading
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, target.Close()); err != nil {
		return fmt.Errorf("moving %s to %s: %w", from, to, errors.Join(err, removeFile(to)))
	}
	return os.Remove(from)
}
