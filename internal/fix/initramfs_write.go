package fix

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
)

// noSpaceError says that a file system of the guest is too full.
type noSpaceError struct {
	directory  string
	free, need int64 // bytes
}

func (e *noSpaceError) Error() string {
	return fmt.Sprintf("%s has %d bytes free and needs %d", e.directory, e.free, e.need)
}

// spaceMargin is what a file system is left with, in bytes.
const spaceMargin = 1 << 20

// appendTo puts data behind a guest file whose bytes are in original. The file
// is written anew and swapped in, and only where there is no room for that,
// added to where it lies. The room is asked for after a failure alone.
func (r *run) appendTo(name string, original *os.File, size int64, data []byte) error {
	if _, err := original.Seek(0, io.SeekStart); err != nil {
		return err
	}
	err := r.fs.Upload(name, io.MultiReader(original, bytes.NewReader(data)), 0o600)
	if err == nil {
		return nil
	}
	free, known := r.freeSpace(path.Dir(name))
	switch {
	case !known || free >= size+int64(len(data))+spaceMargin:
		return fmt.Errorf("cannot write %s in the guest: %w", name, err)
	case free < int64(len(data))+spaceMargin:
		return &noSpaceError{path.Dir(name), free, int64(len(data)) + spaceMargin}
	}
	if r.runner == nil {
		return &noSpaceError{path.Dir(name), free, size + int64(len(data)) + spaceMargin}
	}
	if _, err := r.runner.RunInput(data, "dd", "of="+name, "oflag=append", "conv=notrunc,fsync"); err != nil {
		return fmt.Errorf("cannot append to %s in the guest: %w", name, err)
	}
	return nil
}

// freeSpace is how many bytes fit into the file system of a directory.
func (r *run) freeSpace(directory string) (int64, bool) {
	if r.target.Space == nil {
		return 0, false
	}
	space, err := r.target.Space(directory)
	return space.Free, err == nil
}
