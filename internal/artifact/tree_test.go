package artifact

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, target, link string) {
	t.Helper()
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
}

// tree maps each path below root to its content; directories map to "/".
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, _ := filepath.Rel(root, path)
		switch {
		case entry.IsDir():
			found[name] = "/"
		case entry.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			found[name] = "-> " + target
			return err
		default:
			data, err := os.ReadFile(path)
			found[name] = string(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func newRun(t *testing.T, parent string) *Run {
	t.Helper()
	r, err := NewRun(parent, uuid.NewString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func temporary(t *testing.T, r *Run, final, content string) Publication {
	t.Helper()
	path, err := r.Temporary(final)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, content)
	return Publication{Temporary: path, Path: final, Record: Record{ManifestDigest: "sha256:0123", Tools: map[string]string{"qemu-img": "7.2"}}}
}

// publish makes a file in a run of its own and returns the run's id.
func publish(t *testing.T, final, content string) string {
	t.Helper()
	r := newRun(t, filepath.Dir(final))
	if err := r.PublishAll([]Publication{temporary(t, r, final, content)}, false); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return r.ID
}

// lockLikeQEMU holds the locks of a QEMU that reads path.
func lockLikeQEMU(t *testing.T, path string) (unlock func()) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []int64{100, 201, 203} {
		lock := unix.Flock_t{Type: unix.F_RDLCK, Start: start, Len: 1}
		if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
			t.Fatal(err)
		}
	}
	unlock = func() {
		// Closing does not unlock while a child of a parallel test, forked and not
		// yet executing its program, has the file too.
		_ = unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK})
		_ = file.Close()
	}
	t.Cleanup(unlock)
	return unlock
}
