// Package blockfs reads file systems from block devices: ext2, ext3 and ext4, XFS,
// FAT and NTFS, and tells what else lies on one. It writes nothing, mounts nothing
// and needs no privilege. What it reads was written by a guest and may be made to
// harm: sizes are checked before memory is taken for them, and every walk ends.
package blockfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// FS is one file system.
type FS interface {
	// Root is its root directory.
	Root() (Node, error)
	// FoldsCase says that names that differ in case alone are the same.
	FoldsCase() bool
}

// Node is a file, a directory or whatever else has an inode.
type Node interface {
	Info() Info
	// ReadDir lists a directory, without . and .. , in the order on the disk.
	ReadDir() ([]Entry, error)
	// Open reads the entry of a directory that ReadDir listed.
	Open(Entry) (Node, error)
	// Readlink is the target of a symbolic link.
	Readlink() (string, error)
	// ReadAt reads a regular file.
	io.ReaderAt
}

// Entry is a name in a directory.
type Entry struct {
	Name string
	id   uint64
	// record is a directory entry that holds what an inode holds elsewhere.
	record []byte
}

// Info is what is known of a node. Size is in bytes.
type Info struct {
	Mode     fs.FileMode
	Size     int64
	UID, GID int
}

// ErrCorrupt says that a file system contradicts itself. ErrUnsupported says that
// it may be in order and is of a kind that is not read here.
var (
	ErrCorrupt     = errors.New("the file system is damaged")
	ErrUnsupported = errors.New("not supported")
)

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

func unsupported(what string) error { return fmt.Errorf("%s: %w", what, ErrUnsupported) }

// maxDirectory is the size in bytes above which no directory is listed, and
// maxTarget that of a symbolic link in Linux.
const (
	maxDirectory = 64 << 20
	maxTarget    = 4096
)

// Open reads the file system that Identify found.
func Open(device io.ReaderAt, found Content) (FS, error) {
	switch found.Type {
	case "ext2", "ext3", "ext4":
		return openExt(device, found.Size)
	case "xfs":
		return openXFS(device, found.Size)
	case "vfat":
		return openFAT(device, found.Size)
	}
	return nil, unsupported(found.Type)
}

// readAt returns length bytes of a device.
func readAt(device io.ReaderAt, offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 {
		return nil, corrupt("a pointer leads to byte %d", offset)
	}
	data := make([]byte, length)
	n, err := device.ReadAt(data, offset)
	switch {
	case int64(n) == length:
		return data, nil
	case err == nil || errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

// run is a part of a file: length bytes from where it was asked for on, at an
// offset of the device, or a hole.
type run struct {
	offset, length int64
	hole           bool
}

// readRuns is ReadAt of a file of the size that lies where locate tells.
func readRuns(device io.ReaderAt, size int64, p []byte, off int64, locate func(off int64) (run, error)) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= size {
			return done, io.EOF
		}
		found, err := locate(at)
		if err != nil {
			return done, err
		}
		if found.length <= 0 {
			return done, corrupt("a file has a part without a length")
		}
		part := p[done:]
		part = part[:min(int64(len(part)), found.length, size-at)]
		if found.hole {
			clear(part)
		} else if n, err := device.ReadAt(part, found.offset); n < len(part) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return done + n, err
		}
		done += len(part)
	}
	return done, nil
}

// unixMode turns the mode of an inode into one of io/fs.
func unixMode(mode uint16) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	switch mode & 0o170000 {
	case 0o040000:
		m |= fs.ModeDir
	case 0o120000:
		m |= fs.ModeSymlink
	case 0o010000:
		m |= fs.ModeNamedPipe
	case 0o140000:
		m |= fs.ModeSocket
	case 0o020000:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case 0o060000:
		m |= fs.ModeDevice
	case 0o100000:
	default:
		m |= fs.ModeIrregular
	}
	for bit, flag := range map[uint16]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if mode&bit != 0 {
			m |= flag
		}
	}
	return m
}

var (
	errNoDirectory = errors.New("not a directory")
	errNoLink      = errors.New("not a symbolic link")
	errNoFile      = errors.New("not a regular file")
)
