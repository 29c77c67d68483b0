//go:build cgo && linux

package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"

	"libguestfs.org/guestfs"
)

// ReadFile implements FS.
func (s *Session) ReadFile(name string) ([]byte, error) {
	var data []byte
	err := s.call("read", name, func(g *guestfs.Guestfs) (err error) {
		data, err = g.Read_file(name)
		return err
	})
	return data, err
}

// WriteFile implements FS.
func (s *Session) WriteFile(name string, data []byte, perm fs.FileMode) error {
	return s.Upload(name, bytes.NewReader(data), perm)
}

// Upload implements FS.
func (s *Session) Upload(name string, r io.Reader, perm fs.FileMode) error {
	return s.call("write", name, func(g *guestfs.Guestfs) error {
		target, existing, err := followLinks(g, name)
		if err != nil {
			return err
		}
		temp, err := g.Mktemp(path.Join(path.Dir(target), ".write-XXXXXXXX"), nil)
		if err != nil {
			return err
		}
		if err := writeTemporary(g, temp, target, existing, r, perm); err != nil {
			_ = g.Rm(temp)
			return err
		}
		return nil
	})
}

// writeTemporary fills temp and puts it in target's place. Existing is what is
// there now, or nil.
func writeTemporary(g *guestfs.Guestfs, temp, target string, existing *guestfs.StatNS, r io.Reader, perm fs.FileMode) error {
	if err := uploadStream(r, func(file string) error { return g.Upload(file, temp) }); err != nil {
		return err
	}
	mode := unixMode(perm)
	if existing != nil {
		mode = unixMode(fileMode(existing.St_mode))
		if err := g.Copy_attributes(target, temp, &guestfs.OptargsCopy_attributes{All_is_set: true, All: true}); err != nil {
			return err
		}
	}
	// After the owner: a change of that takes setuid away.
	if err := g.Chmod(mode, temp); err != nil {
		return err
	}
	return g.Rename(temp, target)
}

// uploadStream gives r to upload as a file name: libguestfs takes no readers,
// and a pipe keeps the content off the host's disks.
func uploadStream(r io.Reader, upload func(file string) error) error {
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(out, r)
		copied <- errors.Join(err, out.Close())
	}()
	err = upload(fmt.Sprintf("/dev/fd/%d", in.Fd()))
	_ = in.Close()
	copyErr := <-copied
	if err != nil {
		return err // the writer's broken pipe only follows from it
	}
	return copyErr
}

// Download implements FS.
func (s *Session) Download(name string, w io.Writer) error {
	return s.call("read", name, func(g *guestfs.Guestfs) error {
		in, out, err := os.Pipe()
		if err != nil {
			return err
		}
		copied := make(chan error, 1)
		go func() {
			_, err := io.Copy(w, in)
			// libguestfs must not meet a broken pipe.
			_, _ = io.Copy(io.Discard, in)
			copied <- errors.Join(err, in.Close())
		}()
		err = g.Download(name, fmt.Sprintf("/dev/fd/%d", out.Fd()))
		_ = out.Close()
		copyErr := <-copied
		if err != nil {
			return err
		}
		return copyErr
	})
}

// Stat implements FS.
func (s *Session) Stat(name string) (FileInfo, error) {
	return s.stat(name, (*guestfs.Guestfs).Statns)
}

// Lstat implements FS.
func (s *Session) Lstat(name string) (FileInfo, error) {
	return s.stat(name, (*guestfs.Guestfs).Lstatns)
}

func (s *Session) stat(name string, stat func(*guestfs.Guestfs, string) (*guestfs.StatNS, error)) (FileInfo, error) {
	var info FileInfo
	err := s.call("stat", name, func(g *guestfs.Guestfs) error {
		st, err := stat(g, name)
		if err != nil {
			return err
		}
		info = FileInfo{Mode: fileMode(st.St_mode), Size: st.St_size, UID: int(st.St_uid), GID: int(st.St_gid)}
		return nil
	})
	return info, err
}

// Readlink implements FS.
func (s *Session) Readlink(name string) (string, error) {
	var target string
	err := s.call("readlink", name, func(g *guestfs.Guestfs) (err error) {
		target, err = g.Readlink(name)
		return err
	})
	return target, err
}

// ReadDir implements FS.
func (s *Session) ReadDir(name string) ([]string, error) {
	var names []string
	err := s.call("list", name, func(g *guestfs.Guestfs) (err error) {
		names, err = g.Ls(name)
		return err
	})
	slices.Sort(names)
	return names, err
}

// MkdirAll implements FS.
func (s *Session) MkdirAll(name string, perm fs.FileMode) error {
	return s.call("mkdir", name, func(g *guestfs.Guestfs) error { return mkdirAll(g, path.Clean(name), perm) })
}

func mkdirAll(g *guestfs.Guestfs, name string, perm fs.FileMode) error {
	st, err := g.Statns(name)
	switch {
	case err == nil && !fileMode(st.St_mode).IsDir():
		return syscall.ENOTDIR
	case err == nil || !errors.Is(cleanError(err), fs.ErrNotExist):
		return err
	}
	if err := mkdirAll(g, path.Dir(name), perm); err != nil {
		return err
	}
	if err := g.Mkdir(name); err != nil {
		return err
	}
	return g.Chmod(unixMode(perm), name)
}

// Symlink implements FS.
func (s *Session) Symlink(target, link string) error {
	return s.call("symlink", link, func(g *guestfs.Guestfs) error {
		st, err := g.Lstatns(link)
		if err == nil && fileMode(st.St_mode).Type() == fs.ModeSymlink {
			if err := g.Rm(link); err != nil {
				return err
			}
		}
		return g.Ln_s(target, link)
	})
}

// Remove implements FS.
func (s *Session) Remove(name string) error {
	return s.call("remove", name, func(g *guestfs.Guestfs) error {
		st, err := g.Lstatns(name)
		if err != nil {
			return err
		}
		if fileMode(st.St_mode).IsDir() {
			return g.Rmdir(name)
		}
		return g.Rm(name)
	})
}

// RemoveAll implements FS.
func (s *Session) RemoveAll(name string) error {
	return s.call("remove", name, func(g *guestfs.Guestfs) error {
		name := path.Clean(name)
		if name == "/" {
			return errors.New("this is the guest's root")
		}
		// rm runs outside of the guest's root: a link on the way that is
		// absolute would lead it into the appliance.
		parent, err := g.Realpath(path.Dir(name))
		if errors.Is(cleanError(err), fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return g.Rm_rf(path.Join(parent, path.Base(name)))
	})
}

// Rename implements FS.
func (s *Session) Rename(from, to string) error {
	return s.call("rename", from, func(g *guestfs.Guestfs) error { return g.Rename(from, to) })
}

// Chmod implements FS.
func (s *Session) Chmod(name string, perm fs.FileMode) error {
	return s.call("chmod", name, func(g *guestfs.Guestfs) error { return g.Chmod(unixMode(perm), name) })
}

// Chown implements FS.
func (s *Session) Chown(name string, uid, gid int) error {
	return s.call("chown", name, func(g *guestfs.Guestfs) error { return g.Chown(uid, gid, name) })
}

// followLinks returns name without symbolic links, and what is there. The
// target of a link need not be, but its directory must.
func followLinks(g *guestfs.Guestfs, name string) (real string, existing *guestfs.StatNS, err error) {
	for range maxLinks {
		if !path.IsAbs(name) {
			return "", nil, errNotAbsolute
		}
		parent, err := g.Realpath(path.Dir(path.Clean(name)))
		if err != nil {
			return "", nil, err
		}
		real := path.Join(parent, path.Base(name))
		st, err := g.Lstatns(real)
		switch {
		case errors.Is(cleanError(err), fs.ErrNotExist):
			return real, nil, nil
		case err != nil:
			return "", nil, err
		case fileMode(st.St_mode).IsDir():
			return "", nil, syscall.EISDIR
		case fileMode(st.St_mode).Type() != fs.ModeSymlink:
			return real, st, nil
		}
		target, err := g.Readlink(real)
		if err != nil {
			return "", nil, err
		}
		if !path.IsAbs(target) {
			target = path.Join(parent, target)
		}
		name = target
	}
	return "", nil, syscall.ELOOP
}

// fileMode turns st_mode into the mode of io/fs.
func fileMode(mode int64) fs.FileMode {
	out := fs.FileMode(mode) & fs.ModePerm
	switch mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		out |= fs.ModeDir
	case syscall.S_IFLNK:
		out |= fs.ModeSymlink
	case syscall.S_IFBLK:
		out |= fs.ModeDevice
	case syscall.S_IFCHR:
		out |= fs.ModeDevice | fs.ModeCharDevice
	case syscall.S_IFIFO:
		out |= fs.ModeNamedPipe
	case syscall.S_IFSOCK:
		out |= fs.ModeSocket
	}
	for bit, set := range specialBits {
		if mode&bit != 0 {
			out |= set
		}
	}
	return out
}

// unixMode turns permissions of io/fs into those of chmod.
func unixMode(mode fs.FileMode) int {
	out := int(mode & fs.ModePerm)
	for bit, set := range specialBits {
		if mode&set != 0 {
			out |= int(bit)
		}
	}
	return out
}

var specialBits = map[int64]fs.FileMode{
	syscall.S_ISUID: fs.ModeSetuid,
	syscall.S_ISGID: fs.ModeSetgid,
	syscall.S_ISVTX: fs.ModeSticky,
}
