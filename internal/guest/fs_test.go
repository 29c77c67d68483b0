package guest

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testFS is what every FS must do. It works in the directory dir, which must
// not exist and is removed.
func testFS(t *testing.T, guest FS, dir string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(name string, want FileInfo) {
		t.Helper()
		got, err := guest.Lstat(dir + name)
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

	must(guest.MkdirAll(dir+"/a/b", fs.ModeSetgid|0o770))
	must(guest.MkdirAll(dir+"/a/b", 0o700))
	want("/a/b", FileInfo{Mode: fs.ModeDir | fs.ModeSetgid | 0o770})
	must(guest.WriteFile(dir+"/a/file", []byte("one"), 0o604))
	want("/a/file", FileInfo{Mode: 0o604, Size: 3})
	must(guest.Chown(dir+"/a/file", 12, 34))
	must(guest.Chmod(dir+"/a/file", fs.ModeSetuid|0o750))

	// Links: relative, absolute, dangling, through a directory.
	must(guest.Symlink("a/file", dir+"/relative"))
	must(guest.Symlink("nothing", dir+"/absolute"))
	must(guest.Symlink(dir+"/a/file", dir+"/absolute"))
	must(guest.Symlink(dir+"/a/b/new", dir+"/dangling"))
	must(guest.Symlink(dir+"/a", dir+"/directory"))
	must(guest.Symlink("loop", dir+"/loop"))
	target, err := guest.Readlink(dir + "/relative")
	must(err)
	if target != "a/file" {
		t.Errorf("link points to %q", target)
	}
	must(guest.WriteFile(dir+"/absolute", []byte("second"), 0o600))
	must(guest.WriteFile(dir+"/dangling", nil, 0o640))
	want("/a/file", FileInfo{Mode: fs.ModeSetuid | 0o750, Size: 6, UID: 12, GID: 34})
	want("/a/b/new", FileInfo{Mode: 0o640})
	want("/absolute", FileInfo{Mode: fs.ModeSymlink | 0o777, Size: int64(len(dir) + 7)})
	info, err := guest.Stat(dir + "/relative")
	must(err)
	if info.UID != 12 || !info.Mode.IsRegular() {
		t.Errorf("Stat does not follow links: %+v", info)
	}
	for _, name := range []string{"/relative", "/absolute", "/directory/file"} {
		data, err := guest.ReadFile(dir + name)
		must(err)
		if string(data) != "second" {
			t.Errorf("%s holds %q", name, data)
		}
	}

	// More than one message of libguestfs' protocol.
	large := bytes.Repeat([]byte("0123456789abcdef"), 6<<20/16)
	must(guest.Upload(dir+"/large", bytes.NewReader(large), 0o600))
	var back bytes.Buffer
	must(guest.Download(dir+"/large", &back))
	if !bytes.Equal(back.Bytes(), large) {
		t.Errorf("a large file came back changed, %d bytes", back.Len())
	}
	broken := errors.New("broken")
	fails("upload of a reader that fails", guest.Upload(dir+"/large", failingReader{broken}, 0o600), broken)
	want("/large", FileInfo{Mode: 0o600, Size: 6 << 20})
	fails("download into a writer that fails", guest.Download(dir+"/large", failingWriter{broken}), broken)

	names, err := guest.ReadDir(dir)
	must(err)
	if diff := cmp.Diff([]string{"a", "absolute", "dangling", "directory", "large", "loop", "relative"}, names); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
	must(guest.Rename(dir+"/directory/file", dir+"/a/moved"))
	want("/a/moved", FileInfo{Mode: fs.ModeSetuid | 0o750, Size: 6, UID: 12, GID: 34})

	_, err = guest.ReadFile(dir + "/relative")
	fails("read through a dangling link", err, fs.ErrNotExist)
	_, err = guest.ReadFile(dir + "/a")
	fails("read of a directory", err, syscall.EISDIR)
	_, err = guest.Stat(dir + "/none")
	fails("stat", err, fs.ErrNotExist)
	_, err = guest.ReadDir(dir + "/none")
	fails("list", err, fs.ErrNotExist)
	_, err = guest.ReadDir(dir + "/large")
	fails("list of a file", err, syscall.ENOTDIR)
	_, err = guest.Readlink(dir + "/none")
	fails("readlink", err, fs.ErrNotExist)
	fails("download", guest.Download(dir+"/none", &back), fs.ErrNotExist)
	fails("write into nothing", guest.WriteFile(dir+"/none/x", nil, 0o600), fs.ErrNotExist)
	fails("write to a directory", guest.WriteFile(dir+"/a", nil, 0o600), syscall.EISDIR)
	fails("write to a loop", guest.WriteFile(dir+"/loop", nil, 0o600), syscall.ELOOP)
	fails("mkdir below a file", guest.MkdirAll(dir+"/large/x", 0o700), syscall.ENOTDIR)
	fails("mkdir over a file", guest.MkdirAll(dir+"/large", 0o700), syscall.ENOTDIR)
	fails("symlink over a file", guest.Symlink("x", dir+"/large"), fs.ErrExist)
	fails("chmod", guest.Chmod(dir+"/none", 0o600), fs.ErrNotExist)
	fails("chown", guest.Chown(dir+"/none", 0, 0), fs.ErrNotExist)
	fails("rename", guest.Rename(dir+"/none", dir+"/other"), fs.ErrNotExist)
	fails("remove", guest.Remove(dir+"/none"), fs.ErrNotExist)
	fails("remove of a full directory", guest.Remove(dir+"/a"), syscall.ENOTEMPTY)
	if err := guest.WriteFile("relative/path", nil, 0o600); err == nil {
		t.Error("a relative path was written")
	}

	must(guest.Remove(dir + "/large"))
	must(guest.Remove(dir + "/loop"))
	must(guest.Remove(dir + "/a/b/new"))
	must(guest.Remove(dir + "/a/b"))
	must(guest.RemoveAll(dir + "/directory/moved"))
	must(guest.RemoveAll(dir + "/none/at/all"))
	_, err = guest.Lstat(dir + "/a/moved")
	fails("lstat of what was removed through a link", err, fs.ErrNotExist)
	must(guest.RemoveAll(dir))
	_, err = guest.Lstat(dir)
	fails("lstat of what was removed", err, fs.ErrNotExist)
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestTree(t *testing.T) {
	t.Parallel()
	testFS(t, newTree(t, map[string]string{"tmp/.keep": ""}), "/tmp/work")
}
