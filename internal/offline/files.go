package offline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// files are a guest's files, for whom wants to read them: whatever would change
// them fails.
type files struct{ tree *blockfs.Tree }

var _ guest.FS = files{}

// errReadOnly is what changes fail with.
var errReadOnly = fmt.Errorf("the guest is only looked at: %w", syscall.EROFS)

// maxFile is the size in bytes above which a file is not read as a whole.
const maxFile = 64 << 20

// guarded runs a reader of what a guest wrote. One that fails in a way that it
// does not foresee has met what it cannot read.
func guarded(read func() error) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("%w: %v", blockfs.ErrCorrupt, failure)
		}
	}()
	return read()
}

func (f files) walk(name string, follow bool, use func(blockfs.Node) error) error {
	return guarded(func() error {
		if name == "" || name[0] != '/' {
			return &fs.PathError{Op: "open", Path: name, Err: guest.ErrNotAbsolute}
		}
		node, _, err := f.tree.Walk(name, follow)
		if err != nil {
			return err
		}
		return use(node)
	})
}

// ReadFile implements guest.FS.
func (f files) ReadFile(name string) ([]byte, error) {
	var data []byte
	err := f.walk(name, true, func(node blockfs.Node) error {
		size := node.Info().Size
		if err := readable(node); err != nil {
			return err
		}
		if size > maxFile {
			return fmt.Errorf("reading %s: %d bytes are too many", name, size)
		}
		data = make([]byte, size)
		_, err := io.ReadFull(io.NewSectionReader(node, 0, size), data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// readable says of what has no content why.
func readable(node blockfs.Node) error {
	switch mode := node.Info().Mode; {
	case mode.IsDir():
		return syscall.EISDIR
	case !mode.IsRegular():
		return errors.New("not a regular file")
	}
	return nil
}

// Download implements guest.FS.
func (f files) Download(name string, w io.Writer) error {
	return f.walk(name, true, func(node blockfs.Node) error {
		if err := readable(node); err != nil {
			return err
		}
		_, err := io.CopyBuffer(struct{ io.Writer }{w}, io.NewSectionReader(node, 0, node.Info().Size), make([]byte, 4*pageSize))
		return err
	})
}

// Stat implements guest.FS.
func (f files) Stat(name string) (guest.FileInfo, error) { return f.stat(name, true) }

// Lstat implements guest.FS.
func (f files) Lstat(name string) (guest.FileInfo, error) { return f.stat(name, false) }

func (f files) stat(name string, follow bool) (guest.FileInfo, error) {
	var info guest.FileInfo
	err := f.walk(name, follow, func(node blockfs.Node) error {
		found := node.Info()
		info = guest.FileInfo{Mode: found.Mode, Size: found.Size, UID: found.UID, GID: found.GID}
		return nil
	})
	return info, err
}

// Readlink implements guest.FS.
func (f files) Readlink(name string) (string, error) {
	var target string
	err := f.walk(name, false, func(node blockfs.Node) (err error) {
		target, err = node.Readlink()
		return err
	})
	return target, err
}

// ReadDir implements guest.FS.
func (f files) ReadDir(name string) ([]string, error) {
	var names []string
	err := guarded(func() (err error) {
		names, err = f.tree.List(name)
		return err
	})
	return names, err
}

// WriteFile implements guest.FS.
func (files) WriteFile(string, []byte, fs.FileMode) error { return errReadOnly }

// Upload implements guest.FS.
func (files) Upload(string, io.Reader, fs.FileMode) error { return errReadOnly }

// MkdirAll implements guest.FS.
func (files) MkdirAll(string, fs.FileMode) error { return errReadOnly }

// Symlink implements guest.FS.
func (files) Symlink(string, string) error { return errReadOnly }

// Remove implements guest.FS.
func (files) Remove(string) error { return errReadOnly }

// RemoveAll implements guest.FS.
func (files) RemoveAll(string) error { return errReadOnly }

// Rename implements guest.FS.
func (files) Rename(string, string) error { return errReadOnly }

// Chmod implements guest.FS.
func (files) Chmod(string, fs.FileMode) error { return errReadOnly }

// Chown implements guest.FS.
func (files) Chown(string, int, int) error { return errReadOnly }
