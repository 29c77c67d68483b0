//go:build linux

package appliance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxSocketPath is the length in bytes that a socket's address may have on
// Linux; the kernel's own constant counts the final null byte too.
const maxSocketPath = 107

// directory is one that libguestfs or supermin was told to use.
type directory struct {
	path     string // "" if it is not known
	variable string // of the environment; "" for the default
}

func (d directory) String() string {
	if d.variable == "" {
		return d.path
	}
	return fmt.Sprintf("%s (%s)", d.path, d.variable)
}

// checkDirectories says which directories do not serve.
func (h applianceHost) checkDirectories(n needs) (lacks []error) {
	add := func(what, remedy string) { lacks = append(lacks, missing(what, remedy)) }
	variable, purpose, size := "LIBGUESTFS_CACHEDIR", "the appliance is kept in ", n.cache
	together := n.works && h.cache.path == h.build.path && h.cache.variable != variable
	if together {
		variable, purpose = "TMPDIR", "the appliance is built and kept in "
	}
	if n.works && h.sameFileSystem() {
		size += n.build
	}
	if h.cache.path != "" {
		if problem := h.checkHome(n, size); problem != "" {
			add(purpose+h.cache.String()+", "+problem, chooseDirectory(variable, size+n.unknown))
		}
	}
	if n.works && !together && h.build.path != "" {
		if problem := h.checkRoom(h.build.path, n.build, n.files); problem != "" {
			add("supermin, which builds the appliance, works in "+h.build.String()+", "+problem, chooseDirectory("TMPDIR", n.build))
		}
	}
	if problem := h.checkSockets(); problem != "" {
		remedy := "let XDG_RUNTIME_DIR name a directory with a short path that this user may write"
		if h.uid == 0 { // libguestfs takes no other one
			remedy = "let root write there"
		}
		add("libguestfs makes its sockets in "+h.sockets.String()+", "+problem, remedy)
	}
	return lacks
}

// chooseDirectory is the remedy of a directory that does not serve.
func chooseDirectory(variable string, size int64) string {
	return fmt.Sprintf("let %s name a directory that this user may write, with %s free", variable, advised(size))
}

func (h applianceHost) sameFileSystem() bool {
	cache, err := h.measure(h.cache.path)
	build, otherErr := h.measure(h.build.path)
	return err == nil && otherErr == nil && cache.device == build.device
}

// checkHome says why the appliance's own directory cannot be used, by the rules
// of libguestfs, or "".
func (h applianceHost) checkHome(n needs, size int64) string {
	home := h.home()
	name := filepath.Base(home)
	info, err := os.Lstat(home)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return h.checkRoom(h.cache.path, size, cacheFiles)
	case err != nil:
		return fmt.Sprintf("where %s cannot be used (%v)", name, withoutName(err))
	case !info.IsDir():
		return fmt.Sprintf("where %s is no directory", name)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != h.uid {
		return fmt.Sprintf("where %s belongs to the user %d, and %d runs this", name, owner.Uid, h.uid)
	}
	if !n.works && n.cache == 0 {
		return "" // nothing is written
	}
	// libguestfs makes it writable, as its owner may.
	if err := unix.Access(home, unix.W_OK); errors.Is(err, unix.EROFS) {
		return readOnly
	}
	return h.shortage(home, size, cacheFiles)
}

// checkRoom says why a directory cannot take so much, or "".
func (h applianceHost) checkRoom(path string, bytes, files int64) string {
	if problem := unwritable(path); problem != "" {
		return problem
	}
	return h.shortage(path, bytes, files)
}

const readOnly = "which is read-only"

// unwritable says why no file can be made in a directory, or "".
func unwritable(path string) string {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "which does not exist"
	case err != nil:
		return fmt.Sprintf("which cannot be used (%v)", withoutName(err))
	case !info.IsDir():
		return "which is no directory"
	}
	switch err := unix.Access(path, unix.W_OK|unix.X_OK); {
	case err == nil:
		return ""
	case errors.Is(err, unix.EROFS):
		return readOnly
	case errors.Is(err, unix.EACCES):
		return "where this user may not write"
	default:
		return fmt.Sprintf("which cannot be used (%v)", err)
	}
}

// shortage says what is too little for so many bytes and files, or "".
func (h applianceHost) shortage(path string, bytes, files int64) string {
	found, err := h.measure(path)
	switch {
	case err != nil: // what is not known is not said
		return ""
	case found.free < bytes:
		return fmt.Sprintf("where that takes at least %s and %d MiB are free", mebibytes(bytes), found.free>>20)
	case found.files >= 0 && found.files < files:
		return fmt.Sprintf("where about %d files are made and %d more can be", files, found.files)
	}
	return ""
}

// checkSockets says why libguestfs could make no socket, or "".
func (h applianceHost) checkSockets() string {
	if h.sockets.path == "" {
		return ""
	}
	if problem := h.checkRoom(h.sockets.path, blockSize, 2); problem != "" {
		return problem
	}
	if length := len(filepath.Join(h.sockets.path, "libguestfsXXXXXX", "guestfsd.sock")); length > maxSocketPath {
		return fmt.Sprintf("where a socket's path has %d bytes and at most %d are allowed", length, maxSocketPath)
	}
	return ""
}

// withoutName is the cause alone of an error that names its file.
func withoutName(err error) error {
	var named *fs.PathError
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}
