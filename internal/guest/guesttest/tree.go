package guesttest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Tree is a directory of the host seen as a guest: its root is the guest's /,
// and no path or symbolic link leads out of it. Owner and mode are remembered
// in memory, because whoever runs a test may change neither; a file that
// the tree was not told about belongs to root:root.
//
// A Tree is safe for concurrent use, except for renames of a directory that
// another call walks through.
type Tree struct {
	dir string

	mu    sync.Mutex
	attrs map[string]attributes // by guest path without symbolic links
}

type attributes struct {
	mode     fs.FileMode // permission, setuid, setgid and sticky bits
	uid, gid int
}

var _ guest.FS = (*Tree)(nil)

// NewTree makes the host's directory dir a guest.
func NewTree(dir string) *Tree {
	return &Tree{dir: dir, attrs: map[string]attributes{}}
}

// ReadFile implements FS.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	resolved, err := t.resolve(name, true)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	data, err := os.ReadFile(t.host(resolved))
	return data, pathError("read", name, err)
}

// WriteFile implements FS.
func (t *Tree) WriteFile(name string, data []byte, perm fs.FileMode) error {
	return t.Upload(name, bytes.NewReader(data), perm)
}

// Upload implements FS.
func (t *Tree) Upload(name string, r io.Reader, perm fs.FileMode) error {
	resolved, err := t.resolve(name, true)
	if err != nil {
		return pathError("write", name, err)
	}
	attrs := attributes{mode: perm}
	switch info, err := os.Lstat(t.host(resolved)); {
	case err == nil && info.IsDir():
		return pathError("write", name, syscall.EISDIR)
	case err == nil:
		attrs = t.attributesOf(resolved, info)
	case !errors.Is(err, fs.ErrNotExist):
		return pathError("write", name, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(t.host(resolved)), ".write-")
	if err != nil {
		return pathError("write", name, err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = io.Copy(temp, r)
	if err := errors.Join(err, temp.Close()); err != nil {
		return pathError("write", name, err)
	}
	if err := os.Rename(temp.Name(), t.host(resolved)); err != nil {
		return pathError("write", name, err)
	}
	return pathError("write", name, t.setAttributes(resolved, attrs))
}

// Download implements FS.
func (t *Tree) Download(name string, w io.Writer) error {
	resolved, err := t.resolve(name, true)
	if err != nil {
		return pathError("read", name, err)
	}
	file, err := os.Open(t.host(resolved))
	if err != nil {
		return pathError("read", name, err)
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(w, file)
	return pathError("read", name, err)
}

// Stat implements FS.
func (t *Tree) Stat(name string) (guest.FileInfo, error) { return t.stat(name, true) }

// Lstat implements FS.
func (t *Tree) Lstat(name string) (guest.FileInfo, error) { return t.stat(name, false) }

func (t *Tree) stat(name string, follow bool) (guest.FileInfo, error) {
	resolved, err := t.resolve(name, follow)
	if err != nil {
		return guest.FileInfo{}, pathError("stat", name, err)
	}
	info, err := os.Lstat(t.host(resolved))
	if err != nil {
		return guest.FileInfo{}, pathError("stat", name, err)
	}
	attrs := t.attributesOf(resolved, info)
	return guest.FileInfo{
		Mode: info.Mode().Type() | attrs.mode,
		Size: info.Size(),
		UID:  attrs.uid,
		GID:  attrs.gid,
	}, nil
}

// Readlink implements FS.
func (t *Tree) Readlink(name string) (string, error) {
	resolved, err := t.resolve(name, false)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	target, err := os.Readlink(t.host(resolved))
	return target, pathError("readlink", name, err)
}

// ReadDir implements FS.
func (t *Tree) ReadDir(name string) ([]string, error) {
	resolved, err := t.resolve(name, true)
	if err != nil {
		return nil, pathError("list", name, err)
	}
	entries, err := os.ReadDir(t.host(resolved))
	if err != nil {
		return nil, pathError("list", name, err)
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

// MkdirAll implements FS.
func (t *Tree) MkdirAll(name string, perm fs.FileMode) error {
	if !path.IsAbs(name) {
		return pathError("mkdir", name, guest.ErrNotAbsolute)
	}
	made := "/"
	for _, part := range strings.Split(path.Clean(name), "/") {
		resolved, err := t.resolve(path.Join(made, part), true)
		if err != nil {
			return pathError("mkdir", name, err)
		}
		switch info, err := os.Stat(t.host(resolved)); {
		case err == nil && !info.IsDir():
			return pathError("mkdir", name, syscall.ENOTDIR)
		case errors.Is(err, fs.ErrNotExist):
			if err := os.Mkdir(t.host(resolved), 0o700); err != nil {
				return pathError("mkdir", name, err)
			}
			if err := t.setAttributes(resolved, attributes{mode: perm}); err != nil {
				return pathError("mkdir", name, err)
			}
		case err != nil:
			return pathError("mkdir", name, err)
		}
		made = resolved
	}
	return nil
}

// Symlink implements FS.
func (t *Tree) Symlink(target, link string) error {
	resolved, err := t.resolve(link, false)
	if err != nil {
		return pathError("symlink", link, err)
	}
	if info, err := os.Lstat(t.host(resolved)); err == nil && info.Mode().Type() == fs.ModeSymlink {
		if err := os.Remove(t.host(resolved)); err != nil {
			return pathError("symlink", link, err)
		}
	}
	if err := os.Symlink(target, t.host(resolved)); err != nil {
		return pathError("symlink", link, err)
	}
	t.forget(resolved)
	return nil
}

// Remove implements FS.
func (t *Tree) Remove(name string) error {
	resolved, err := t.resolve(name, false)
	if err != nil {
		return pathError("remove", name, err)
	}
	if err := os.Remove(t.host(resolved)); err != nil {
		return pathError("remove", name, err)
	}
	t.forget(resolved)
	return nil
}

// RemoveAll implements FS.
func (t *Tree) RemoveAll(name string) error {
	resolved, err := t.resolve(name, false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return pathError("remove", name, err)
	case resolved == "/":
		return pathError("remove", name, errors.New("this is the guest's root"))
	}
	if err := os.RemoveAll(t.host(resolved)); err != nil {
		return pathError("remove", name, err)
	}
	t.forget(resolved)
	return nil
}

// Rename implements FS.
func (t *Tree) Rename(from, to string) error {
	realFrom, err := t.resolve(from, false)
	if err != nil {
		return pathError("rename", from, err)
	}
	realTo, err := t.resolve(to, false)
	if err != nil {
		return pathError("rename", to, err)
	}
	if err := os.Rename(t.host(realFrom), t.host(realTo)); err != nil {
		return pathError("rename", from, err)
	}
	if realFrom == realTo {
		return nil
	}
	t.forget(realTo)
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, attrs := range t.attrs {
		if rest, ok := strings.CutPrefix(name, realFrom); ok && (rest == "" || rest[0] == '/') {
			t.attrs[realTo+rest] = attrs
			delete(t.attrs, name)
		}
	}
	return nil
}

// Chmod implements FS.
func (t *Tree) Chmod(name string, perm fs.FileMode) error {
	return t.change("chmod", name, func(a *attributes) { a.mode = perm })
}

// Chown implements FS.
func (t *Tree) Chown(name string, uid, gid int) error {
	return t.change("chown", name, func(a *attributes) { a.uid, a.gid = uid, gid })
}

func (t *Tree) change(op, name string, edit func(*attributes)) error {
	resolved, err := t.resolve(name, true)
	if err != nil {
		return pathError(op, name, err)
	}
	info, err := os.Lstat(t.host(resolved))
	if err != nil {
		return pathError(op, name, err)
	}
	attrs := t.attributesOf(resolved, info)
	edit(&attrs)
	return pathError(op, name, t.setAttributes(resolved, attrs))
}

func (t *Tree) attributesOf(resolved string, info fs.FileInfo) attributes {
	t.mu.Lock()
	defer t.mu.Unlock()
	if attrs, ok := t.attrs[resolved]; ok {
		return attrs
	}
	return attributes{mode: info.Mode() & modeBits}
}

func (t *Tree) setAttributes(resolved string, attrs attributes) error {
	attrs.mode &= modeBits
	t.mu.Lock()
	t.attrs[resolved] = attrs
	t.mu.Unlock()
	// The host's user keeps access to what the guest's mode would shut away.
	return os.Chmod(t.host(resolved), attrs.mode|0o700)
}

func (t *Tree) forget(resolved string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name := range t.attrs {
		if rest, ok := strings.CutPrefix(name, resolved); ok && (rest == "" || rest[0] == '/') {
			delete(t.attrs, name)
		}
	}
}

func (t *Tree) host(resolved string) string {
	return filepath.Join(t.dir, filepath.FromSlash(resolved))
}

// resolve is guest.FollowLinks in the tree.
func (t *Tree) resolve(name string, follow bool) (string, error) {
	if !path.IsAbs(name) {
		return "", guest.ErrNotAbsolute
	}
	return guest.FollowLinks(name, follow,
		func(resolved string) (fs.FileMode, error) {
			info, err := os.Lstat(t.host(resolved))
			if err != nil {
				return 0, err
			}
			return info.Mode(), nil
		},
		func(resolved string) (string, error) { return os.Readlink(t.host(resolved)) })
}

// modeBits is the part of a mode that chmod sets.
const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// pathError names the guest's path in place of the host's.
func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	for {
		var perr *fs.PathError
		var lerr *os.LinkError
		switch {
		case errors.As(err, &perr):
			err = perr.Err
			continue
		case errors.As(err, &lerr):
			err = lerr.Err
			continue
		}
		return fmt.Errorf("%s %s in the guest: %w", op, name, err)
	}
}
