package artifact

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestPreflight(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		directory string
		paths     []string
		overwrite bool
		wantMade  []string
		wantError string // "" is success
	}{
		"nothing there":             {directory: "out", paths: []string{"out/a.qcow2"}, wantMade: []string{"out"}},
		"several levels":            {directory: "x/y/z", wantMade: []string{"x", "x/y", "x/y/z"}},
		"two directories":           {directory: "out", paths: []string{"out/a", "other/b"}, wantMade: []string{"out", "other"}},
		"existing directory":        {directory: "there", paths: []string{"there/new"}},
		"existing file":             {directory: "there", paths: []string{"there/file"}, wantError: "exists and this program did not make it"},
		"existing file, overwrite":  {directory: "there", paths: []string{"there/file"}, overwrite: true},
		"path is a directory":       {directory: "there", paths: []string{"there/dir"}, overwrite: true, wantError: "is a directory; name a file"},
		"path is a link, overwrite": {directory: "there", paths: []string{"there/link"}, overwrite: true, wantError: "no regular file"},
		"trailing slash":            {directory: "there", paths: []string{"there/new/"}, wantError: "add a file name"},
		"empty path":                {directory: "there", paths: []string{""}, wantError: "is empty"},
		"equal paths":               {directory: "out", paths: []string{"out/a", "out/./a"}, wantError: "the same path"},
		"equal through a link":      {directory: "out", paths: []string{"there/a", "alias/a"}, wantError: "are the same file"},
		"one inside the other":      {directory: "out", paths: []string{"out/a", "out/a/b"}, wantError: "lies inside output path"},
		"file as parent":            {directory: "there/file/deep", wantError: "there/file is not a directory"},
		"file as directory":         {directory: "there/file", wantError: "there/file is not a directory"},
		"long name":                 {directory: "out", paths: []string{"out/" + strings.Repeat("n", 240)}, wantError: "longer than 239 bytes"},
		"longest name":              {directory: "there", paths: []string{"there/" + strings.Repeat("n", 239)}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			mkdir(t, filepath.Join(root, "there/dir"))
			write(t, filepath.Join(root, "there/file"), "old")
			symlink(t, "file", filepath.Join(root, "there/link"))
			symlink(t, "there", filepath.Join(root, "alias"))
			before := tree(t, root)
			var paths []string
			for _, path := range tc.paths {
				if path != "" {
					path = root + "/" + path
				}
				paths = append(paths, path)
			}
			made, err := Preflight(filepath.Join(root, tc.directory), paths, tc.overwrite)
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("error is %v, want one with %q", err, tc.wantError)
				}
				if diff := cmp.Diff(before, tree(t, root)); diff != "" {
					t.Errorf("a failed preflight left something:\n%s", diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, path := range tc.wantMade {
				want = append(want, filepath.Join(root, path))
			}
			if diff := cmp.Diff(want, made); diff != "" {
				t.Errorf("directories made (-want +got):\n%s", diff)
			}
			RemoveEmpty(made)
			if diff := cmp.Diff(before, tree(t, root)); diff != "" {
				t.Errorf("RemoveEmpty left something:\n%s", diff)
			}
		})
	}
}

func TestPreflightNamesTheRunThatMadeAnExistingFile(t *testing.T) {
	t.Parallel()
	final := filepath.Join(t.TempDir(), "a.qcow2")
	run := publish(t, final, "image")
	_, err := Preflight(filepath.Dir(final), []string{final}, false)
	if err == nil || !strings.Contains(err.Error(), run) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("error is %v, want fs.ErrExist with run %s", err, run)
	}
}

func TestPreflightRefusesToOverwriteAnImageInUse(t *testing.T) {
	t.Parallel()
	final := filepath.Join(t.TempDir(), "a.qcow2")
	publish(t, final, "image")
	lockLikeQEMU(t, final)
	_, err := Preflight(filepath.Dir(final), []string{final}, true)
	var inUse *InUseError
	if !errors.As(err, &inUse) {
		t.Errorf("error is %v, want an InUseError", err)
	}
}

func TestPreflightUnwritableDirectory(t *testing.T) {
	directory, err := os.MkdirTemp("/tmp", "artifact-test-") //nolint:usetesting // short, and others can enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	if err := os.Chmod(directory, 0o555); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		for _, d := range []string{directory, filepath.Join(directory, "new")} {
			_, err := Preflight(d, nil, false)
			if !errors.Is(err, fs.ErrPermission) || !strings.Contains(remedy.Of(err), "permissions") {
				t.Errorf("Preflight(%s): %v, want a permission error with a remedy", d, err)
			}
		}
	})
}

// A directory below one that another user keeps for himself is told of as the
// plan does: by the name of the one that is closed, and with what helps.
func TestPreflightBelowAClosedDirectory(t *testing.T) {
	directory, err := os.MkdirTemp("/tmp", "artifact-test-") //nolint:usetesting // short, and others can enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	mkdir(t, filepath.Join(directory, "out"))
	if err := os.Chmod(directory, 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		out := filepath.Join(directory, "out")
		for _, paths := range [][]string{nil, {filepath.Join(out, "disk.qcow2")}} {
			_, err := Preflight(out, paths, false)
			if err == nil || err.Error() != directory+" cannot be written: permission denied" || remedy.Of(err) == "" {
				t.Errorf("Preflight(%s, %v): %v (%s)", out, paths, err, remedy.Of(err))
			}
		}
	})
	if err := os.Chmod(directory, 0o700); err != nil { //nolint:gosec // a directory
		t.Fatal(err)
	}
}

func TestUnwritable(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for cause, want := range map[error][2]string{
		unix.EROFS:  {"mounted read-only", "mount it for writing"},
		unix.EACCES: {"permission denied", "change its permissions"},
		unix.EPERM:  {"permission denied", "change its permissions"},
		unix.ENOSPC: {"no space left", "free space there"},
		unix.EDQUOT: {"quota", "raise the quota"},
	} {
		err := Unwritable(filepath.Join(directory, "new"), &fs.PathError{Op: "open", Path: "x", Err: cause})
		if err == nil || !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), directory+" cannot be written: ") ||
			!strings.Contains(err.Error(), want[0]) || !strings.Contains(remedy.Of(err), want[1]) {
			t.Errorf("%v: %v (%s)", cause, err, remedy.Of(err))
		}
		if err := stagingError(directory, "making", cause); remedy.Of(err) == "" {
			t.Errorf("a staging directory: %v has no remedy", err)
		}
	}
	for _, cause := range []error{nil, unix.EIO} {
		if err := Unwritable(directory, cause); err != nil {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

// asNobody calls f with the file access rights of an ordinary user.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock: the thread dies with its rights
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}
