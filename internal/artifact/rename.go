package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// linkNoReplace moves a file by a hard link, which fails where the target
// exists, on file systems whose rename cannot.
func linkNoReplace(from, to string) error {
	if err := os.Link(from, to); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return err
		}
		return fmt.Errorf("this file system can neither rename without replacing nor make hard links; choose another output directory: %w", err)
	}
	return os.Remove(from)
}

// setAside gives path the additional name aside, or moves it there where the
// file system has no hard links. In the first case path never disappears.
func setAside(path, aside string) error {
	if os.Link(path, aside) == nil {
		return nil
	}
	return os.Rename(path, aside)
}

// syncFile flushes a file's content to the disk.
func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// syncDirectory flushes a directory's names to the disk. Some file systems
// cannot and need not.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := directory.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return errors.Join(err, directory.Close())
	}
	return directory.Close()
}
