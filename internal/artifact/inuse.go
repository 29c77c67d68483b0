package artifact

import "fmt"

// InUseError says that a process has locked an image.
type InUseError struct{ Path string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("image %s is in use: a process holds a lock on it, as QEMU does while a virtual machine runs; stop the machine first", e.Path)
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
