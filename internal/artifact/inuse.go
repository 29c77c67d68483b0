package artifact

import "fmt"

// InUseError says that a process has locked an image.
type InUseError struct{ Path string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("image %s is in use: a process holds a lock on it, as QEMU does while a virtual machine runs; stop the machine first", e.Path)
}

// WrittenError says that an image of a run that died has been used since. Its directory
// is the run's own, beside the image.
type WrittenError struct{ Path, Directory string }

func (e *WrittenError) Error() string {
	return fmt.Sprintf("%s was published by a migration that died before it was done, and has been written to since, as by a virtual machine: it is not taken back", e.Path)
}

// Remedy says what a person has to decide.
func (e *WrittenError) Remedy() string {
	return "to keep " + e.Path + ", remove the directory " + e.Directory + "; to migrate again, remove the file"
}

// InUse reports whether a process has locked the image at path. What cannot be
// found out counts as not in use.
func InUse(path string) bool {
	inUse, err := locked(path)
	return err == nil && inUse
}

// checkNotInUse returns an InUseError for a locked file.
func checkNotInUse(path string) error {
	inUse, err := locked(path)
	if err != nil {
		return fmt.Errorf("finding out whether image %s is in use: %w", path, err)
	}
	if inUse {
		return &InUseError{Path: path}
	}
	return nil
}
