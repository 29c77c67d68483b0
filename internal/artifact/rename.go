package artifact

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// linkNoReplace moves a file by a hard link, which fails where the target
// exists, on file systems whose rename cannot.
func linkNoReplace(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case isUnsupported(err), errors.Is(err, fs.ErrPermission): // the latter is FAT's
		return placeholderNoReplace(from, to)
	}
	return err
}

// placeholderNoReplace moves a file on file systems without hard links: a new
// file takes the name, which fails where the target exists, and is then replaced.
func placeholderNoReplace(from, to string) error {
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(placeholder(from))
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(from, to)
	}
	if err != nil && holdsPlace(from, to) {
		err = errors.Join(err, os.Remove(to))
	}
	return err
}

// placeholder is the content of the file that keeps a name for the one at from.
func placeholder(from string) string { return "a place for " + from + "\n" }

// isPlaceholder reports that the file at to only keeps the name for the one at
// from.
func isPlaceholder(from, to string) bool {
	_, err := os.Lstat(from)
	return err == nil && holdsPlace(from, to)
}

// holdsPlace looks at the content alone, of which a run that was killed may have
// written nothing.
func holdsPlace(from, to string) bool {
	want := placeholder(from)
	info, err := os.Lstat(to)
	if err != nil || !info.Mode().IsRegular() || info.Size() > int64(len(want)) {
		return false
	}
	content, err := os.ReadFile(to)
	return err == nil && (len(content) == 0 || string(content) == want)
}

// setAside gives path the additional name aside, or moves it there where the
// file system has no hard links. In the first case path never disappears.
func setAside(path, aside string) error {
	if os.Link(path, aside) == nil {
		return nil
	}
	return os.Rename(path, aside)
}

// isUnsupported knows how file systems say that they cannot do a thing at all.
func isUnsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL)
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
	if err := directory.Sync(); err != nil && !isUnsupported(err) {
		return errors.Join(err, directory.Close())
	}
	return directory.Close()
}
