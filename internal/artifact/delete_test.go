package artifact

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	rewriteRecord := func(change func(*Record)) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			record, err := ReadRecord(path)
			if err != nil {
				t.Fatal(err)
			}
			change(record)
			if err := writeSynced(RecordPath(path), record, 0o600, Readers{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(t *testing.T, path string) {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		do   func(t *testing.T, path string)
		want func(*Identity)
		then State
	}{
		"as published": {then: StateOwned},
		"written in place": {func(t *testing.T, path string) {
			file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.WriteString("more"); err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
		}, nil, StateChanged},
		"another file": {func(t *testing.T, path string) {
			remove(t, path)
			write(t, path, "another")
		}, nil, StateReplaced},
		"another file with its size and time": {func(t *testing.T, path string) {
			copyOver(t, path, path)
		}, nil, StateReplaced},
		"another file, no birth times": {func(t *testing.T, path string) {
			copyOver(t, path, path)
			rewriteRecord(func(r *Record) { r.File.Born = nil })(t, path)
		}, nil, StateOwned},
		"another file, other file system": {func(t *testing.T, path string) {
			copyOver(t, path, path)
			rewriteRecord(func(r *Record) { r.File.Device++; r.File.FileSystem = "another" })(t, path)
		}, nil, StateOwned},
		"restored with its directory":        {func(t *testing.T, path string) { restore(t, path, false) }, nil, StateOwned},
		"restored with its directory's mark": {func(t *testing.T, path string) { restore(t, path, true) }, nil, StateOwned},
		"restored, and then written": {func(t *testing.T, path string) {
			restore(t, path, true)
			write(t, path, "written")
		}, nil, StateReplaced},
		"a directory": {func(t *testing.T, path string) { remove(t, path); mkdir(t, path) }, nil, StateReplaced},
		"a link":      {func(t *testing.T, path string) { remove(t, path); symlink(t, "/etc/passwd", path) }, nil, StateReplaced},
		"another run": {nil, func(i *Identity) { i.RunID = "other" }, StateReplaced},
		"no record":   {func(t *testing.T, path string) { remove(t, RecordPath(path)) }, nil, StateUnrecorded},
		"damaged record": {func(t *testing.T, path string) { write(t, RecordPath(path), "{") }, nil,
			StateUnknown},
		"newer record":     {rewriteRecord(func(r *Record) { r.Version = 2 }), nil, StateUnknown},
		"gone":             {remove, nil, StateMissing},
		"gone with record": {func(t *testing.T, path string) { remove(t, path); remove(t, RecordPath(path)) }, nil, StateMissing},
		"directory gone":   {func(t *testing.T, path string) { remove(t, filepath.Dir(path)) }, nil, StateUnknown},
		"directory gone, file system unknown": {
			func(t *testing.T, path string) { remove(t, filepath.Dir(path)) },
			func(i *Identity) { *i = Identity{RunID: i.RunID} }, StateUnknown,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "out", "disk.qcow2")
			mkdir(t, filepath.Dir(path))
			publish(t, path, "image")
			record, err := ReadRecord(path)
			if err != nil {
				t.Fatal(err)
			}
			want := record.Identity()
			if want.FileSystem == "" && name == "gone, device renumbered" {
				t.Skip("this file system has no id")
			}
			if tc.want != nil {
				tc.want(&want)
			}
			if tc.do != nil {
				tc.do(t, path)
			}
			got := Check(path, want)
			if got.State != tc.then {
				t.Errorf("state is %s (%s), want %s", got.State, got.Reason, tc.then)
			}
			if (got.Reason == "") != (got.State == StateOwned) {
				t.Errorf("state %s has reason %q", got.State, got.Reason)
			}
		})
	}
}

// copyOver puts at to a copy of the file at from, with its size and time.
func copyOver(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to+".copy", string(content))
	if err := errors.Join(os.Chtimes(to+".copy", time.Time{}, info.ModTime()), os.Rename(to+".copy", to)); err != nil {
		t.Fatal(err)
	}
}

// restore makes the directory of the published file anew, as from a backup.
func restore(t *testing.T, path string, marked bool) {
	t.Helper()
	directory := filepath.Dir(path)
	old, mark := directory+".old", markOf(directory)
	if err := os.Rename(directory, old); err != nil {
		t.Fatal(err)
	}
	mkdir(t, directory)
	if marked && mark != "" {
		if err := setMark(directory, mark); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{path, RecordPath(path)} {
		copyOver(t, filepath.Join(old, filepath.Base(file)), file)
	}
}

// A destroyed migration deletes no file that somebody put in the place of its own.
func TestDeleteLeavesAFileOfTheSameSizeAndTime(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "disk.qcow2")
	run := publish(t, path, "image")
	if record, err := ReadRecord(path); err != nil || record.File.Born == nil {
		t.Skipf("this file system has no birth times (%v)", err)
	}
	copyOver(t, path, path)
	before := tree(t, directory)
	var notOwned *NotOwnedError
	if _, err := Delete(context.Background(), Identity{RunID: run}, path); !errors.As(err, &notOwned) || !strings.Contains(remedy.Of(err), "delete it by hand") {
		t.Errorf("error is %v (%s)", err, remedy.Of(err))
	}
	if diff := cmp.Diff(before, tree(t, directory)); diff != "" {
		t.Errorf("something was changed:\n%s", diff)
	}
}

// What helps depends on the cause: where the file is elsewhere, deleting it by
// hand does not.
func TestNotOwnedRemedy(t *testing.T) {
	t.Parallel()
	for state, want := range map[State]string{
		StateElsewhere: "terraform state rm", StateUnknown: "terraform state rm", StateUnrecorded: "delete it by hand", StateReplaced: "delete it by hand",
	} {
		err := &NotOwnedError{Path: "disk", Status: Status{State: state, Reason: "why"}}
		if got := remedy.Of(err); !strings.Contains(got, want) || !strings.Contains(got, `on_destroy = "keep"`) || strings.Contains(err.Error(), "by hand") {
			t.Errorf("%s: %v; %s", state, err, got)
		}
	}
}

// A run after the loss of the image takes over the directories that the first one
// made, by whatever record is left.
func TestDeleteDirectoriesOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]func(image, report string) []string{
		"the image":                func(image, _ string) []string { return []string{image} },
		"the image and its record": func(image, _ string) []string { return []string{image, RecordPath(image)} },
		"both files":               func(image, report string) []string { return []string{image, report} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			image, report := filepath.Join(root, "dd/sub/disk.qcow2"), filepath.Join(root, "dd/sub/report.json")
			var run string
			for n := range 2 {
				made, err := Preflight(filepath.Dir(image), []string{image}, false)
				if err != nil {
					t.Fatal(err)
				}
				r := newRun(t, filepath.Dir(image))
				run, r.Directories = r.ID, made
				if err := r.PublishAll([]Publication{temporary(t, r, image, "image")}, false); err != nil {
					t.Fatal(err)
				}
				write(t, report, "{}")
				if err := errors.Join(r.Claim(report, Record{}), r.Close()); err != nil {
					t.Fatal(err)
				}
				for _, file := range lost(image, report) {
					if n > 0 {
						break
					}
					if err := os.Remove(file); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := Delete(context.Background(), Identity{RunID: run}, image, report); err != nil {
				t.Fatal(err)
			}
			if left := tree(t, root); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestCheckWithoutPermission(t *testing.T) {
	directory, err := os.MkdirTemp("/tmp", "artifact-test-") //nolint:usetesting // short, and others can enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	path := filepath.Join(directory, "disk.qcow2")
	publish(t, path, "image")
	if err := os.Chmod(directory, 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if status := Check(path, Identity{}); status.State != StateUnknown {
			t.Errorf("state is %s (%s), want unknown", status.State, status.Reason)
		}
	})
	if err := os.Chmod(directory, 0o700); err != nil { //nolint:gosec // a directory
		t.Fatal(err)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	made, err := Preflight(filepath.Join(root, "x", "y"), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	image, report := filepath.Join(root, "x/y/disk.qcow2"), filepath.Join(root, "x/y/report.json")
	r := newRun(t, filepath.Dir(image))
	r.Directories = made
	if err := r.PublishAll([]Publication{temporary(t, r, image, "image")}, false); err != nil {
		t.Fatal(err)
	}
	write(t, report, "{}")
	if err := r.Claim(report, Record{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	want := Identity{RunID: r.ID}
	removed, err := Delete(context.Background(), want, image, report)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{image, report, filepath.Join(root, "x/y"), filepath.Join(root, "x")}, removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if got := tree(t, root); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
	mkdir(t, filepath.Dir(image))
	if removed, err := Delete(context.Background(), want, image, report); err != nil || len(removed) > 0 {
		t.Errorf("second Delete: %v, %v", removed, err)
	}
}

func TestDeleteKeepsADirectoryWithOtherFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	made, err := Preflight(filepath.Join(root, "x"), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(root, "x/disk.qcow2")
	r := newRun(t, filepath.Dir(image))
	r.Directories = made
	p := temporary(t, r, image, "image")
	if err := errors.Join(r.PublishAll([]Publication{p}, false), r.Close()); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "x/notes"), "mine")
	if _, err := Delete(context.Background(), Identity{}, image); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"x": "/", "x/notes": "mine"}, tree(t, root)); diff != "" {
		t.Error(diff)
	}
}

func TestDeleteFinishesAnInterruptedDelete(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	image := filepath.Join(directory, "disk.qcow2")
	publish(t, image, "image")
	if err := os.Remove(image); err != nil {
		t.Fatal(err)
	}
	if _, err := Delete(context.Background(), Identity{}, image); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, directory); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
}

func TestDeleteRefuses(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	good, bad := filepath.Join(directory, "good"), filepath.Join(directory, "bad")
	publish(t, good, "good")
	write(t, bad, "foreign")
	before := tree(t, directory)
	var notOwned *NotOwnedError
	if _, err := Delete(context.Background(), Identity{}, good, bad); !errors.As(err, &notOwned) || notOwned.Path != bad {
		t.Errorf("error is %v, want a NotOwnedError for %s", err, bad)
	}
	if _, err := Delete(context.Background(), Identity{RunID: "other"}, good); !errors.As(err, &notOwned) {
		t.Errorf("error is %v, want a NotOwnedError", err)
	}
	unlock := lockLikeQEMU(t, good)
	var inUse *InUseError
	if _, err := Delete(context.Background(), Identity{}, good); !errors.As(err, &inUse) {
		t.Errorf("error is %v, want an InUseError", err)
	}
	if diff := cmp.Diff(before, tree(t, directory)); diff != "" {
		t.Errorf("a refused Delete changed something:\n%s", diff)
	}
	unlock()
	if _, err := Delete(context.Background(), Identity{}, good); err != nil {
		t.Error(err)
	}
}

func TestDeleteDoesNotTrustTheRecordsDirectories(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	elsewhere := filepath.Join(root, "elsewhere")
	mkdir(t, elsewhere)
	mkdir(t, filepath.Join(root, "out"))
	image := filepath.Join(root, "out", "disk")
	r := newRun(t, filepath.Dir(image))
	r.Directories = []string{elsewhere}
	p := temporary(t, r, image, "image")
	if err := errors.Join(r.PublishAll([]Publication{p}, false), r.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Delete(context.Background(), Identity{}, image); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"elsewhere": "/", "out": "/"}, tree(t, root)); diff != "" {
		t.Error(diff)
	}
}

func TestLockedSeesEveryKindOfLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "disk")
	write(t, path, "image")
	for _, lock := range []unix.Flock_t{
		{Type: unix.F_RDLCK, Start: 100, Len: 1},
		{Type: unix.F_RDLCK, Start: 203, Len: 1},
		{Type: unix.F_WRLCK, Start: 0, Len: 1},
	} {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
			t.Fatal(err)
		}
		if held, err := locked(path); err != nil || !held {
			t.Errorf("lock %+v: %t, %v", lock, held, err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if held, err := locked(path); err != nil || held {
			t.Errorf("after unlocking: %t, %v", held, err)
		}
	}
}
