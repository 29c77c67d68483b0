//go:build cgo && linux

package appliance

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"syscall"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// chunkSize is how much one message carries, in bytes; the protocol's limit is
// 4 MiB. Libguestfs' own transfers of whole files take a tenth of a second to
// start where the appliance is emulated, which counts for small files.
const chunkSize = 2 << 20

// Files are those of the mounted guest.
type Files struct {
	*connection

	archives string // folder of the host for what is unpacked into the guest
	ntfs     bool   // the guest's root is NTFS
}

var (
	_ guest.FS          = (*Files)(nil)
	_ guest.SizedReader = (*Files)(nil)
)

// ReadFile implements FS.
func (f *Files) ReadFile(name string) ([]byte, error) {
	var data []byte
	err := f.call("read", name, func(g *guestfs.Guestfs) (err error) {
		data, err = readFile(g, name)
		return err
	})
	return data, err
}

// Download implements FS.
func (f *Files) Download(name string, w io.Writer) error {
	return f.call("read", name, func(g *guestfs.Guestfs) error { return download(g, name, w) })
}

func readFile(g *guestfs.Guestfs, name string) ([]byte, error) {
	var data bytes.Buffer
	err := download(g, name, &data)
	return data.Bytes(), err
}

func download(g *guestfs.Guestfs, name string, w io.Writer) error {
	st, err := g.Statns(name)
	if err != nil {
		return err
	}
	switch mode := fileMode(st.St_mode); {
	case mode.IsDir():
		return syscall.EISDIR
	case !mode.IsRegular():
		return errNoRegularFile // to open a pipe would wait for its writer
	}
	return readRegular(g, name, st.St_size, w)
}

// ReadRegular implements guest.SizedReader.
func (f *Files) ReadRegular(name string, size int64) ([]byte, error) {
	var data bytes.Buffer
	err := f.call("read", name, func(g *guestfs.Guestfs) error { return readRegular(g, name, size, &data) })
	return data.Bytes(), err
}

// readRegular reads a regular file that has, or had, a size.
func readRegular(g *guestfs.Guestfs, name string, size int64, w io.Writer) error {
	for offset := int64(0); ; {
		// One byte more than there should be: where no more comes, the end
		// has been seen.
		wanted := min(chunkSize, max(size-offset, 0)+1)
		data, err := g.Pread(name, int(wanted), offset)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		offset += int64(len(data))
		if len(data) == 0 || int64(len(data)) < wanted && offset >= size {
			return nil
		}
	}
}

// WriteFile implements FS.
func (f *Files) WriteFile(name string, data []byte, perm fs.FileMode) error {
	return f.Upload(name, bytes.NewReader(data), perm)
}

// Upload implements FS.
func (f *Files) Upload(name string, r io.Reader, perm fs.FileMode) error {
	return f.call("write", name, func(g *guestfs.Guestfs) error {
		target, existing, err := followLinks(g, name)
		if err != nil {
			return err
		}
		if f.onNTFS(target) {
			return f.uploadNTFS(g, target, existing, r, perm)
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
	if err := writeContent(g, temp, r); err != nil {
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

// writeContent writes r into the empty file name.
func writeContent(g *guestfs.Guestfs, name string, r io.Reader) error {
	chunks := bufio.NewWriterSize(&fileWriter{g: g, name: name}, chunkSize)
	if _, err := io.Copy(chunks, r); err != nil {
		return err
	}
	return chunks.Flush()
}

// fileWriter writes a guest file from its beginning on.
type fileWriter struct {
	g      *guestfs.Guestfs
	name   string
	offset int64
}

// Write implements io.Writer.
func (w *fileWriter) Write(data []byte) (int, error) {
	written := 0
	for written < len(data) {
		n, err := w.g.Pwrite(w.name, data[written:min(len(data), written+chunkSize)], w.offset)
		if err != nil {
			return written, err
		}
		if n <= 0 {
			return written, io.ErrShortWrite
		}
		written += n
		w.offset += int64(n)
	}
	return written, nil
}

// Stat implements FS.
func (f *Files) Stat(name string) (guest.FileInfo, error) {
	return f.stat(name, (*guestfs.Guestfs).Statns)
}

// Lstat implements FS.
func (f *Files) Lstat(name string) (guest.FileInfo, error) {
	return f.stat(name, (*guestfs.Guestfs).Lstatns)
}

func (f *Files) stat(name string, stat func(*guestfs.Guestfs, string) (*guestfs.StatNS, error)) (guest.FileInfo, error) {
	var info guest.FileInfo
	err := f.call("stat", name, func(g *guestfs.Guestfs) error {
		var err error
		info, err = fileInfo(stat(g, name))
		return err
	})
	return info, err
}

// Readlink implements FS.
func (f *Files) Readlink(name string) (string, error) {
	var target string
	err := f.call("readlink", name, func(g *guestfs.Guestfs) (err error) {
		target, err = g.Readlink(name)
		return err
	})
	return target, err
}

// ReadDir implements FS.
func (f *Files) ReadDir(name string) ([]string, error) {
	var names []string
	err := f.call("list", name, func(g *guestfs.Guestfs) (err error) {
		names, err = g.Ls(name)
		return err
	})
	slices.Sort(names)
	return names, err
}

// MkdirAll implements FS.
func (f *Files) MkdirAll(name string, perm fs.FileMode) error {
	return f.call("mkdir", name, func(g *guestfs.Guestfs) error { return f.mkdirAll(g, path.Clean(name), perm) })
}

func (f *Files) mkdirAll(g *guestfs.Guestfs, name string, perm fs.FileMode) error {
	st, err := g.Statns(name)
	switch {
	case err == nil && !fileMode(st.St_mode).IsDir():
		return syscall.ENOTDIR
	case err == nil || !errors.Is(cleanError(err), fs.ErrNotExist):
		return err
	}
	if err := f.mkdirAll(g, path.Dir(name), perm); err != nil {
		return err
	}
	if f.onNTFS(name) {
		return f.mkdirNTFS(g, name, perm)
	}
	if err := g.Mkdir(name); err != nil {
		return err
	}
	return g.Chmod(unixMode(perm), name)
}

// Symlink implements FS.
func (f *Files) Symlink(target, link string) error {
	return f.call("symlink", link, func(g *guestfs.Guestfs) error {
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
func (f *Files) Remove(name string) error {
	return f.call("remove", name, func(g *guestfs.Guestfs) error {
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
func (f *Files) RemoveAll(name string) error {
	return f.call("remove", name, func(g *guestfs.Guestfs) error {
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
func (f *Files) Rename(from, to string) error {
	return f.call("rename", from, func(g *guestfs.Guestfs) error { return g.Rename(from, to) })
}

// Chmod implements FS.
func (f *Files) Chmod(name string, perm fs.FileMode) error {
	return f.call("chmod", name, func(g *guestfs.Guestfs) error { return g.Chmod(unixMode(perm), name) })
}

// Chown implements FS.
func (f *Files) Chown(name string, uid, gid int) error {
	return f.call("chown", name, func(g *guestfs.Guestfs) error { return g.Chown(uid, gid, name) })
}

// followLinks returns name without symbolic links, and what is there. The
// target of a link need not be, but its directory must.
func followLinks(g *guestfs.Guestfs, name string) (resolved string, existing *guestfs.StatNS, err error) {
	for range guest.MaxLinks {
		if !path.IsAbs(name) {
			return "", nil, guest.ErrNotAbsolute
		}
		parent, err := g.Realpath(path.Dir(path.Clean(name)))
		if err != nil {
			return "", nil, err
		}
		resolved := path.Join(parent, path.Base(name))
		st, err := g.Lstatns(resolved)
		switch {
		case errors.Is(cleanError(err), fs.ErrNotExist):
			return resolved, nil, nil
		case err != nil:
			return "", nil, err
		case fileMode(st.St_mode).IsDir():
			return "", nil, syscall.EISDIR
		case fileMode(st.St_mode).Type() != fs.ModeSymlink:
			return resolved, st, nil
		}
		target, err := g.Readlink(resolved)
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
