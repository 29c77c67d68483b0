package guesttest

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// TestFS is what every FS must do. It works in the directory dir, which must
// not exist and is removed.
func TestFS(t *testing.T, files guest.FS, dir string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(name string, want guest.FileInfo) {
		t.Helper()
		got, err := files.Lstat(dir + name)
		must(err)
		if want.Mode.IsDir() {
			got.Size = 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	fails := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", what, err, want)
		} else if errors.Is(want, fs.ErrNotExist) && !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: the error does not name the path: %v", what, err)
		}
	}

	must(files.MkdirAll(dir+"/a/b", fs.ModeSetgid|0o770))
	must(files.MkdirAll(dir+"/a/b", 0o700))
	want("/a/b", guest.FileInfo{Mode: fs.ModeDir | fs.ModeSetgid | 0o770})
	must(files.WriteFile(dir+"/a/file", []byte("one"), 0o604))
	want("/a/file", guest.FileInfo{Mode: 0o604, Size: 3})
	must(files.Chown(dir+"/a/file", 12, 34))
	must(files.Chmod(dir+"/a/file", fs.ModeSetuid|0o750))

	// Links: relative, absolute, dangling, through a directory.
	must(files.Symlink("a/file", dir+"/relative"))
	must(files.Symlink("nothing", dir+"/absolute"))
	must(files.Symlink(dir+"/a/file", dir+"/absolute"))
	must(files.Symlink(dir+"/a/b/new", dir+"/dangling"))
	must(files.Symlink(dir+"/a", dir+"/directory"))
	must(files.Symlink("loop", dir+"/loop"))
	target, err := files.Readlink(dir + "/relative")
	must(err)
	if target != "a/file" {
		t.Errorf("link points to %q", target)
	}
	must(files.WriteFile(dir+"/absolute", []byte("second"), 0o600))
	must(files.WriteFile(dir+"/dangling", nil, 0o640))
	want("/a/file", guest.FileInfo{Mode: fs.ModeSetuid | 0o750, Size: 6, UID: 12, GID: 34})
	want("/a/b/new", guest.FileInfo{Mode: 0o640})
	want("/absolute", guest.FileInfo{Mode: fs.ModeSymlink | 0o777, Size: int64(len(dir) + 7)})
	info, err := files.Stat(dir + "/relative")
	must(err)
	if info.UID != 12 || !info.Mode.IsRegular() {
		t.Errorf("Stat does not follow links: %+v", info)
	}
	for _, name := range []string{"/relative", "/absolute", "/directory/file"} {
		data, err := files.ReadFile(dir + name)
		must(err)
		if string(data) != "second" {
			t.Errorf("%s holds %q", name, data)
		}
	}

	// More than one message of libguestfs' protocol.
	large := bytes.Repeat([]byte("0123456789abcdef"), 6<<20/16)
	must(files.Upload(dir+"/large", bytes.NewReader(large), 0o600))
	var back bytes.Buffer
	must(files.Download(dir+"/large", &back))
	if !bytes.Equal(back.Bytes(), large) {
		t.Errorf("a large file came back changed, %d bytes", back.Len())
	}
	broken := errors.New("broken")
	fails("upload of a reader that fails", files.Upload(dir+"/large", failingReader{broken}, 0o600), broken)
	want("/large", guest.FileInfo{Mode: 0o600, Size: 6 << 20})
	fails("download into a writer that fails", files.Download(dir+"/large", failingWriter{broken}), broken)

	names, err := files.ReadDir(dir)
	must(err)
	if diff := cmp.Diff([]string{"a", "absolute", "dangling", "directory", "large", "loop", "relative"}, names); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
	must(files.Rename(dir+"/directory/file", dir+"/a/moved"))
	want("/a/moved", guest.FileInfo{Mode: fs.ModeSetuid | 0o750, Size: 6, UID: 12, GID: 34})

	_, err = files.ReadFile(dir + "/relative")
	fails("read through a dangling link", err, fs.ErrNotExist)
	_, err = files.ReadFile(dir + "/a")
	fails("read of a directory", err, syscall.EISDIR)
	_, err = files.Stat(dir + "/none")
	fails("stat", err, fs.ErrNotExist)
	_, err = files.ReadDir(dir + "/none")
	fails("list", err, fs.ErrNotExist)
	_, err = files.ReadDir(dir + "/large")
	fails("list of a file", err, syscall.ENOTDIR)
	_, err = files.Readlink(dir + "/none")
	fails("readlink", err, fs.ErrNotExist)
	fails("download", files.Download(dir+"/none", &back), fs.ErrNotExist)
	fails("write into nothing", files.WriteFile(dir+"/none/x", nil, 0o600), fs.ErrNotExist)
	fails("write to a directory", files.WriteFile(dir+"/a", nil, 0o600), syscall.EISDIR)
	fails("write to a loop", files.WriteFile(dir+"/loop", nil, 0o600), syscall.ELOOP)
	fails("mkdir below a file", files.MkdirAll(dir+"/large/x", 0o700), syscall.ENOTDIR)
	fails("mkdir over a file", files.MkdirAll(dir+"/large", 0o700), syscall.ENOTDIR)
	fails("symlink over a file", files.Symlink("x", dir+"/large"), fs.ErrExist)
	fails("chmod", files.Chmod(dir+"/none", 0o600), fs.ErrNotExist)
	fails("chown", files.Chown(dir+"/none", 0, 0), fs.ErrNotExist)
	fails("rename", files.Rename(dir+"/none", dir+"/other"), fs.ErrNotExist)
	fails("remove", files.Remove(dir+"/none"), fs.ErrNotExist)
	fails("remove of a full directory", files.Remove(dir+"/a"), syscall.ENOTEMPTY)
	if err := files.WriteFile("relative/path", nil, 0o600); err == nil {
		t.Error("a relative path was written")
	}

	must(files.Remove(dir + "/large"))
	must(files.Remove(dir + "/loop"))
	must(files.Remove(dir + "/a/b/new"))
	must(files.Remove(dir + "/a/b"))
	must(files.RemoveAll(dir + "/directory/moved"))
	must(files.RemoveAll(dir + "/none/at/all"))
	_, err = files.Lstat(dir + "/a/moved")
	fails("lstat of what was removed through a link", err, fs.ErrNotExist)
	must(files.RemoveAll(dir))
	_, err = files.Lstat(dir)
	fails("lstat of what was removed", err, fs.ErrNotExist)
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
