// Package guest is the model of a guest: its file system and its programs as
// fixes are written against them, its systems, and the block devices behind
// them with all their names. internal/appliance serves them from disks with libguestfs,
// and internal/offline, to be read only, from the disks' blocks.
package guest

import (
	"errors"
	"io"
	"io/fs"
)

// FS is the guest's file tree as fixes see it. Paths are absolute guest paths
// ("/etc/fstab"); symbolic links are resolved inside the guest, never on the
// host. A missing file is an error that satisfies errors.Is(err,
// fs.ErrNotExist).
type FS interface {
	// ReadFile returns a whole file, following symbolic links.
	ReadFile(path string) ([]byte, error)
	// WriteFile replaces the content atomically. An existing file keeps its
	// owner, mode and extended attributes and, if it is a symbolic link, its
	// target is written; a new file gets perm and root:root.
	WriteFile(path string, data []byte, perm fs.FileMode) error
	// Upload streams r into path under the same rules as WriteFile. It serves
	// files too large to be held in memory.
	Upload(path string, r io.Reader, perm fs.FileMode) error
	// Download streams a file's bytes into w.
	Download(path string, w io.Writer) error
	// Stat follows symbolic links, Lstat does not.
	Stat(path string) (FileInfo, error)
	Lstat(path string) (FileInfo, error)
	// Readlink returns the target as it is written in the link.
	Readlink(path string) (string, error)
	// ReadDir lists the base names in a directory, sorted, without . and .. .
	ReadDir(path string) ([]string, error)
	// MkdirAll makes a directory and its missing parents, root:root, perm.
	MkdirAll(path string, perm fs.FileMode) error
	// Symlink makes link point to target. An existing link is replaced.
	Symlink(target, link string) error
	// Remove deletes one file, link or empty directory. RemoveAll deletes a
	// tree; a path that is already gone is no error.
	Remove(path string) error
	RemoveAll(path string) error
	Rename(from, to string) error
	Chmod(path string, perm fs.FileMode) error
	Chown(path string, uid, gid int) error
}

// SizedReader is an FS that reads a regular file of a known size, in bytes, without
// asking again what it is. The size may be too small by now.
type SizedReader interface {
	ReadRegular(path string, size int64) ([]byte, error)
}

// FileInfo is what fixes need to know of a file. Size is in bytes; Mode has
// the type bits of io/fs.
type FileInfo struct {
	Mode     fs.FileMode
	Size     int64
	UID, GID int
}

// Runner runs a program inside the guest's own tree, in the appliance. The
// program sees the appliance's device names, so whatever it writes must be
// read back and verified.
type Runner interface {
	// Run executes argv without a shell and returns its standard output. A
	// non-zero exit is an error that carries the standard error.
	// No secret may be in argv: use RunInput.
	Run(argv ...string) (string, error)
	// RunInput does the same with data on standard input.
	RunInput(input []byte, argv ...string) (string, error)
}

// MaxLinks is how many symbolic links one path may go through before it is
// taken for a loop, as in Linux.
const MaxLinks = 40

// ErrNotAbsolute is what a relative path gets.
var ErrNotAbsolute = errors.New("a guest path must start with /")

// ErrNoCommand is what a Runner returns that is given no argument at all.
var ErrNoCommand = errors.New("run in the guest: no command given")
