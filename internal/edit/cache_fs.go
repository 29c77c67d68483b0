package edit

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// cacheFS remembers what was read of a guest until that is written. Steps ask
// the same questions over and over, and each answer costs a round trip to the
// appliance. Answers are kept by the path without symbolic links, so that a
// write by one name is seen by all others.
type cacheFS struct {
	guest.FS
	files   map[string]answer[[]byte]
	infos   map[string]answer[guest.FileInfo] // links are not followed
	targets map[string]answer[string]
	names   map[string]answer[[]string]
}

type answer[T any] struct {
	value T
	err   error
}

func newCacheFS(fsys guest.FS) *cacheFS {
	c := &cacheFS{FS: fsys}
	c.forgetAll()
	return c
}

// forgetAll is for what happened behind the cache's back.
func (c *cacheFS) forgetAll() {
	c.files = map[string]answer[[]byte]{}
	c.infos = map[string]answer[guest.FileInfo]{}
	c.targets = map[string]answer[string]{}
	c.names = map[string]answer[[]string]{}
}

func ask[T any](cache map[string]answer[T], resolved, name string, read func(string) (T, error)) (T, error) {
	if a, ok := cache[resolved]; ok {
		return a.value, a.err
	}
	value, err := read(name)
	cache[resolved] = answer[T]{value, err}
	return value, err
}

// resolve is guest.FollowLinks by what is known of the guest.
func (c *cacheFS) resolve(name string, follow bool) (string, error) {
	if !path.IsAbs(name) {
		return name, nil // the guest itself refuses it
	}
	return guest.FollowLinks(name, follow,
		func(resolved string) (fs.FileMode, error) {
			info, err := c.lstat(resolved)
			return info.Mode, err
		},
		func(resolved string) (string, error) { return ask(c.targets, resolved, resolved, c.FS.Readlink) })
}

func (c *cacheFS) lstat(resolved string) (guest.FileInfo, error) {
	if _, asked := c.infos[resolved]; !asked && c.unlisted(resolved) {
		return guest.FileInfo{}, missing("stat", resolved)
	}
	return ask(c.infos, resolved, resolved, c.FS.Lstat)
}

// unlisted says that a path is not there, because the directory was listed and it is
// not in the list. Some file systems take letters of either case for the same, and
// FAT has short names beside.
func (c *cacheFS) unlisted(resolved string) bool {
	listed, ok := c.names[path.Dir(resolved)]
	base := path.Base(resolved)
	return ok && listed.err == nil && resolved != "/" && !strings.Contains(base, "~") &&
		!slices.ContainsFunc(listed.value, func(name string) bool { return strings.EqualFold(name, base) })
}

// known is the answer of a path that is known not to be there, or nil.
func (c *cacheFS) known(action, resolved string) error {
	if a, asked := c.infos[resolved]; asked && errors.Is(a.err, fs.ErrNotExist) || !asked && c.unlisted(resolved) {
		return missing(action, resolved)
	}
	return nil
}

func missing(action, name string) error {
	return &fs.PathError{Op: action, Path: name, Err: fs.ErrNotExist}
}

// ReadFile implements guest.FS.
func (c *cacheFS) ReadFile(name string) ([]byte, error) {
	resolved, err := c.resolve(name, true)
	if err != nil {
		return nil, err
	}
	if err := c.known("read", resolved); err != nil {
		return nil, err
	}
	return ask(c.files, resolved, name, c.read)
}

// read reads a whole file, in one round trip where the guest can do that.
func (c *cacheFS) read(name string) ([]byte, error) {
	sized, ok := c.FS.(guest.SizedReader)
	if !ok {
		return c.FS.ReadFile(name)
	}
	info, err := c.Stat(name)
	if err != nil || !info.Mode.IsRegular() {
		return c.FS.ReadFile(name)
	}
	return sized.ReadRegular(name, info.Size)
}

// Download implements guest.FS. What it reads is not remembered: it may be large.
func (c *cacheFS) Download(name string, w io.Writer) error {
	resolved, err := c.resolve(name, true)
	if err != nil {
		return err
	}
	if a, ok := c.files[resolved]; ok && a.err == nil {
		_, err := w.Write(a.value)
		return err
	}
	return c.FS.Download(name, w)
}

// Stat implements guest.FS.
func (c *cacheFS) Stat(name string) (guest.FileInfo, error) {
	resolved, err := c.resolve(name, true)
	if err != nil {
		return guest.FileInfo{}, err
	}
	return c.lstat(resolved)
}

// Lstat implements guest.FS.
func (c *cacheFS) Lstat(name string) (guest.FileInfo, error) {
	resolved, err := c.resolve(name, false)
	if err != nil {
		return guest.FileInfo{}, err
	}
	return c.lstat(resolved)
}

// Readlink implements guest.FS.
func (c *cacheFS) Readlink(name string) (string, error) {
	resolved, err := c.resolve(name, false)
	if err != nil {
		return "", err
	}
	if err := c.known("readlink", resolved); err != nil {
		return "", err
	}
	return ask(c.targets, resolved, name, c.FS.Readlink)
}

// ReadDir implements guest.FS.
func (c *cacheFS) ReadDir(name string) ([]string, error) {
	resolved, err := c.resolve(name, true)
	if err != nil {
		return nil, err
	}
	if err := c.known("list", resolved); err != nil {
		return nil, err
	}
	return ask(c.names, resolved, name, c.FS.ReadDir)
}

// change makes a change to a path and forgets what was known of it, of what
// lies below it, and of its parents that were not there. A change that failed
// may have been made in part.
func (c *cacheFS) change(name string, follow bool, perform func() error) error {
	resolved, _ := c.resolve(name, follow)
	err := perform()
	forget(c.files, resolved, false)
	forget(c.infos, resolved, true)
	forget(c.targets, resolved, false)
	forget(c.names, resolved, false)
	for parent := path.Dir(resolved); ; parent = path.Dir(parent) {
		delete(c.names, parent)
		if parent == path.Dir(parent) {
			return err
		}
	}
}

// forget removes the answers for a path and what is below it; above is set to
// remove, too, the answers that a parent is not there.
func forget[T any](cache map[string]answer[T], resolved string, above bool) {
	for known, a := range cache {
		below := known == resolved || strings.HasPrefix(known, strings.TrimSuffix(resolved, "/")+"/")
		if below || above && a.err != nil && strings.HasPrefix(resolved, known+"/") {
			delete(cache, known)
		}
	}
}

// WriteFile implements guest.FS.
func (c *cacheFS) WriteFile(name string, data []byte, perm fs.FileMode) error {
	return c.change(name, true, func() error { return c.FS.WriteFile(name, data, perm) })
}

// Upload implements guest.FS.
func (c *cacheFS) Upload(name string, r io.Reader, perm fs.FileMode) error {
	return c.change(name, true, func() error { return c.FS.Upload(name, r, perm) })
}

// MkdirAll implements guest.FS.
func (c *cacheFS) MkdirAll(name string, perm fs.FileMode) error {
	if info, err := c.Stat(name); err == nil && info.Mode.IsDir() {
		return nil
	}
	return c.change(name, true, func() error { return c.FS.MkdirAll(name, perm) })
}

// Symlink implements guest.FS.
func (c *cacheFS) Symlink(target, link string) error {
	return c.change(link, false, func() error { return c.FS.Symlink(target, link) })
}

// Remove implements guest.FS.
func (c *cacheFS) Remove(name string) error {
	return c.change(name, false, func() error { return c.FS.Remove(name) })
}

// RemoveAll implements guest.FS.
func (c *cacheFS) RemoveAll(name string) error {
	return c.change(name, false, func() error { return c.FS.RemoveAll(name) })
}

// Rename implements guest.FS.
func (c *cacheFS) Rename(from, to string) error {
	return c.change(from, false, func() error {
		return c.change(to, false, func() error { return c.FS.Rename(from, to) })
	})
}

// Chmod implements guest.FS.
func (c *cacheFS) Chmod(name string, perm fs.FileMode) error {
	return c.change(name, true, func() error { return c.FS.Chmod(name, perm) })
}

// Chown implements guest.FS.
func (c *cacheFS) Chown(name string, uid, gid int) error {
	return c.change(name, true, func() error { return c.FS.Chown(name, uid, gid) })
}
