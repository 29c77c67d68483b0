package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// section is a stretch of a file in which an image or a member of a package lies.
type section struct {
	io.ReaderAt

	// path is absolute and free of symbolic links.
	path string
	// named is the path by which it was named, with symbolic links; or nothing.
	named string
	// name is for people.
	name string
	// offset and size are in bytes; whole says that they are the file's own.
	offset, size int64
	whole        bool
	// neighbours says that other files of the source's directory may be used.
	neighbours bool
	temporary  bool
	// sum is what the archive that it lies in says of its content, or nil.
	sum *digest
}

// part is a stretch of s, with offset counted from the beginning of s.
func (s section) part(name string, offset, size int64) section {
	return section{
		ReaderAt: io.NewSectionReader(s, offset, size),
		path:     s.path, name: name, offset: s.offset + offset, size: size, temporary: s.temporary,
	}
}

// image is the section as QEMU opens it: in whole sectors, which archives pad
// their members to.
func (s section) image(format string) qemuimg.Image {
	image := qemuimg.Image{Path: s.path, Format: format}
	if !s.whole {
		image.Offset, image.Size = s.offset, sectors(s.size)*sectorSize
	}
	return image
}

// sectors is how many sectors a number of bytes takes.
func sectors(size int64) int64 { return (size + sectorSize - 1) / sectorSize }

// reader reads the section from its beginning.
func (s section) reader() *io.SectionReader { return io.NewSectionReader(s, 0, s.size) }

// read returns length bytes at offset, or what there is of them.
func (s section) read(offset, length int64) ([]byte, error) {
	if offset < 0 || offset >= s.size {
		return nil, nil
	}
	data := make([]byte, min(length, s.size-offset))
	if n, err := s.ReadAt(data, offset); n < len(data) {
		return nil, fmt.Errorf("reading %s: %w", s.name, err)
	}
	return data, nil
}

// files are the files of a source, as they were when they were opened.
type files struct {
	// allowed are where a file may lie that another one names.
	allowed directories
	opened  map[string]*os.File
	seen    map[string]fs.FileInfo
}

func newFiles(allowed directories) *files {
	return &files{allowed: allowed, opened: map[string]*os.File{}, seen: map[string]fs.FileInfo{}}
}

// open opens a regular file by a path without symbolic links. A file that is
// open already is opened no second time.
func (f *files) open(path string) (section, error) {
	file := f.opened[path]
	if file == nil {
		var err error
		// A named pipe put there in the meantime must not hold us.
		file, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return section{}, err
		}
		f.opened[path] = file
	}
	info, err := file.Stat()
	if err != nil {
		return section{}, err
	}
	if !info.Mode().IsRegular() {
		return section{}, fmt.Errorf("%s is %s, not a file", path, kindOfNode(info.Mode()))
	}
	if f.seen[path] == nil {
		f.seen[path] = info
	}
	return section{ReaderAt: file, path: path, name: filepath.Base(path), size: info.Size(), whole: true}, nil
}

func (f *files) close() {
	for _, file := range f.opened {
		_ = file.Close() // read only
	}
	clear(f.opened)
}

// File is one file of a source as it was when the source was opened. Size is in
// bytes; Path is absolute and free of symbolic links.
type File struct {
	Path     string
	Size     int64
	Modified time.Time
	Info     fs.FileInfo
}

// list lists the files, but not those in the work directory.
func (f *files) list(work string) []File {
	var found []File
	for path, info := range f.seen {
		if f.allowed.hold(path) && (work == "" || !lies(path, work)) {
			found = append(found, File{Path: path, Size: info.Size(), Modified: info.ModTime(), Info: info})
		}
	}
	slices.SortFunc(found, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return found
}

// verify compares the files with what they were.
func (f *files) verify() error {
	var changed []string
	for path, before := range f.seen {
		now, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			changed = append(changed, path+" is gone")
		case err != nil:
			return err
		case !os.SameFile(before, now):
			changed = append(changed, path+" was replaced")
		case before.Size() != now.Size() || !before.ModTime().Equal(now.ModTime()):
			changed = append(changed, path+" was written to")
		}
	}
	if len(changed) == 0 {
		return nil
	}
	slices.Sort(changed)
	return refuse("the source changed while it was read: "+strings.Join(changed, ", "),
		"shut the virtual machine down, let no backup or copy write to its files, and run the migration again")
}

// neighbour opens a file that an image names, as directories.find finds it.
func (f *files) neighbour(of section, name string) (section, error) {
	path, err := f.allowed.find(of, name)
	if err != nil {
		return section{}, err
	}
	if err := of.refuseTwoReadings(name, path); err != nil {
		return section{}, err
	}
	s, err := f.open(path)
	if err != nil {
		return section{}, err
	}
	s.neighbours = true
	if s.named = name; !filepath.IsAbs(name) {
		s.named = filepath.Dir(of.path) + "/" + name
	}
	return s, nil
}

// refuseTwoReadings refuses a name that leads to one file from where an image lies, which
// was found, and to another from where a symbolic link to the image lies: QEMU counts such
// names from the link.
func (s section) refuseTwoReadings(name, found string) error {
	if s.named == "" || filepath.IsAbs(name) {
		return nil
	}
	folder := filepath.Dir(s.named)
	full := folder + "/" + name
	if !lies(filepath.Clean(full), folder) {
		return nil
	}
	other, err := filepath.EvalSymlinks(full)
	if err != nil || other == found {
		return nil //nolint:nilerr // there is one reading
	}
	return refuse(fmt.Sprintf("%s is a symbolic link to %s and refers to %q: beside the link that is %s, which QEMU opens, and beside the image it is %s",
		s.named, s.path, printable(name), other, found),
		"name the image by the path whose directory has the right file, or take the other file away")
}

// leadsTo says that a name which an image has for another file leads to it without any
// help. Where the file was found in source.directories, there may be another at that name.
func (s section) leadsTo(name string, file section) bool {
	if !filepath.IsAbs(name) {
		name = filepath.Dir(s.path) + "/" + name
	}
	path, err := filepath.EvalSymlinks(name)
	return err == nil && path == file.path
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// printable is a name from a hostile file as it may appear in a message.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if isControl(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
	if runes := []rune(name); len(runes) > 200 {
		return string(runes[:200]) + "..."
	}
	return name
}
