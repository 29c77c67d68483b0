package edit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Files is what a Reader reads.
type Files interface {
	ReadFile(path string) ([]byte, error)
	Stat(path string) (guest.FileInfo, error)
	Lstat(path string) (guest.FileInfo, error)
	Readlink(path string) (string, error)
	ReadDir(path string) ([]string, error)
	Download(path string, w io.Writer) error
}

// Reader reads one guest, and changes nothing in it. It remembers what it read until an
// Editor changes that, and tells in its journal of what it could not read.
type Reader struct {
	Files
	*Journal

	mounts  []guest.Mount
	scratch string // Guest.Scratch
}

// Mounts are the guest's mounted file systems.
func (r *Reader) Mounts() []guest.Mount { return r.mounts }

// MaxText is the size in bytes above which a file is no configuration that
// anybody wrote.
const MaxText = 16 << 20

// Read returns a text file; ok is false when there is none. Anything but a
// regular file counts as none, and so does, with a warning, a huge one.
func (r *Reader) Read(path string) (text string, ok bool, err error) {
	info, err := r.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cannot read %s in the guest: %w", path, err)
	}
	if !info.Mode.IsRegular() {
		return "", false, nil
	}
	if info.Size > MaxText {
		r.Warn(report.ConcernFileNotRead, fmt.Sprintf("%s was not looked at: %d bytes are too many for a configuration file", path, info.Size),
			"look in it by hand for names of the old machine's disks and network cards")
		return "", false, nil
	}
	data, err := r.ReadFile(path)
	if err != nil {
		return "", false, fmt.Errorf("cannot read %s in the guest: %w", path, err)
	}
	return string(data), true, nil
}

// Exists reports whether the guest path is there, following symbolic links.
func (r *Reader) Exists(path string) bool {
	_, err := r.Stat(path)
	return err == nil
}

// List returns the full paths in a guest directory whose base names match the
// path.Match pattern, sorted. A directory that is not there has none.
func (r *Reader) List(directory, pattern string) ([]string, error) {
	entries, err := r.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		if info, statErr := r.Stat(directory); statErr == nil && !info.Mode.IsDir() {
			return nil, nil
		}
		return nil, fmt.Errorf("cannot list %s in the guest: %w", directory, err)
	}
	var paths []string
	for _, entry := range entries {
		if ok, _ := path.Match(pattern, entry); ok {
			paths = append(paths, path.Join(directory, entry))
		}
	}
	return paths, nil
}

// Find returns the paths in the guest that match a path.Match pattern, of which the
// last two parts may have wildcards, sorted by directory. A directory that is not there
// has none.
func (r *Reader) Find(pattern string) ([]string, error) {
	directory, base := path.Split(pattern)
	directory = path.Clean(directory)
	directories := []string{directory}
	if parent, last := path.Split(directory); strings.ContainsAny(last, "*?[") {
		var err error
		if directories, err = r.List(path.Clean(parent), last); err != nil {
			return nil, err
		}
	}
	var found []string
	for _, directory := range directories {
		paths, err := r.List(directory, base)
		if err != nil {
			return nil, err
		}
		found = append(found, paths...)
	}
	return found, nil
}

// EachFile gives each text file that Find returns, with its text.
func (r *Reader) EachFile(pattern string, do func(name, text string) error) error {
	paths, err := r.Find(pattern)
	if err != nil {
		return err
	}
	for _, name := range paths {
		text, ok, err := r.Read(name)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := do(name, text); err != nil {
			return err
		}
	}
	return nil
}

// ScratchFile is a temporary file of the host for a copy of one of the guest's
// files. It has no name; closing it ends it.
func (r *Reader) ScratchFile() (*os.File, error) { return scratchFile(r.scratch) }

// ReadHive gives use a hive of the guest, as it is.
func (r *Reader) ReadHive(name string, use func(*registry.Hive) error) error {
	file, err := r.ScratchFile()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := r.Download(name, file); err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", name, err)
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	hive, err := registry.Open(file, size)
	if err == nil {
		err = use(hive)
	}
	if err != nil {
		return fmt.Errorf("%s in the guest: %w", name, err)
	}
	return nil
}
