package artifact

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testmount"
)

// TestFileSystems leads files through their life on file systems that lack what
// others have, and leaves nothing on any.
func TestFileSystems(t *testing.T) {
	t.Parallel()
	for _, kind := range testmount.All() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			directory := kind.Directory(t)
			for name, test := range map[string]func(*testing.T, string){
				"life":                     publishedLife,
				"a name that is taken":     nameTaken,
				"a killed run":             killedRun,
				"renumbered":               renumbered,
				"killed before the rename": killedBeforeTheRename,
				"sweeps against new runs":  sweepsAgainstNewRuns,
				"two runs with one path":   twoRuns,
				"a made directory":         madeDirectory,
				"removed while it is open": func(t *testing.T, d string) { removedWhileOpen(t, d, kind.HidesOpenFiles) },
				"retracted by the run":     retracted,
				"modes":                    func(t *testing.T, d string) { noModes(t, d, kind.KeepsModes) },
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					below := filepath.Join(directory, filepath.Base(t.Name()))
					mkdir(t, below)
					test(t, below)
				})
			}
		})
	}
}

func nothingIn(t *testing.T, directory string) {
	t.Helper()
	if left := tree(t, directory); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func publishedLife(t *testing.T, directory string) {
	final := filepath.Join(directory, "disk.qcow2")
	publish(t, final, "first")
	r := newRun(t, directory)
	progress, err := r.Progress(directory, "progress.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := progress.WriteString("{}\n"); err != nil {
		t.Fatal(err)
	}
	if err := r.Reserve(final); err != nil {
		t.Fatal(err)
	}
	if err := r.PublishAll([]Publication{temporary(t, r, final, "second")}, true); err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(directory, "report.json")
	write(t, report, "report")
	if err := errors.Join(r.Claim(report, Record{}), progress.Close(), r.Commit(), r.Close()); err != nil {
		t.Fatal(err)
	}
	got := tree(t, directory)
	for _, path := range []string{final, report} {
		if status := Check(path, Identity{RunID: r.ID}); status.State != StateOwned {
			t.Errorf("%s is %s (%s), want owned", path, status.State, status.Reason)
		}
		delete(got, filepath.Base(RecordPath(path)))
	}
	if diff := cmp.Diff(map[string]string{"disk.qcow2": "second", "report.json": "report"}, got); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
	if _, err := Delete(context.Background(), Identity{RunID: r.ID}, final, report); err != nil {
		t.Fatal(err)
	}
	nothingIn(t, directory)
}

func nameTaken(t *testing.T, directory string) {
	final := filepath.Join(directory, "disk.qcow2")
	r := newRun(t, directory)
	p := temporary(t, r, final, "new")
	ready, err := r.prepare(p, false)
	if err != nil {
		t.Fatal(err)
	}
	// The file appears after the check, so that the rename itself is tested.
	write(t, final, "foreign")
	if err := ready.place(false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("rename onto a file: %v, want fs.ErrExist", err)
	}
	if err := r.PublishAll([]Publication{p}, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("publishing onto a file: %v, want fs.ErrExist", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"disk.qcow2": "foreign"}, tree(t, directory)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func killedRun(t *testing.T, directory string) {
	publish(t, filepath.Join(directory, "published"), "old")
	before := tree(t, directory)
	_, kill := startChild(t, directory)
	kill()
	if _, err := Sweep(directory); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, directory)); diff != "" {
		t.Errorf("directory (-before +after):\n%s", diff)
	}
}

// What a killed run published is known again though its file has another number.
func renumbered(t *testing.T, directory string) {
	final := filepath.Join(directory, "disk.qcow2")
	r := newRun(t, directory)
	if err := r.PublishAll([]Publication{temporary(t, r, final, "image")}, false); err != nil {
		t.Fatal(err)
	}
	s := r.stagings[0]
	for n := range s.entries {
		s.entries[n].File.Inode++
		s.entries[n].File.Born = nil
	}
	if err := errors.Join(s.writeJournal(), s.lock.Close()); err != nil {
		t.Fatal(err)
	}
	s.lock = nil
	if _, err := Sweep(directory); err != nil {
		t.Fatal(err)
	}
	nothingIn(t, directory)
}

// What somebody put in the place of what a killed run published is his.
func TestSweepLeavesAFileOfTheSameSizeAndTime(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	final := filepath.Join(directory, "disk.qcow2")
	r := newRun(t, directory)
	if err := r.PublishAll([]Publication{temporary(t, r, final, "image")}, false); err != nil {
		t.Fatal(err)
	}
	s := r.stagings[0]
	if s.entries[0].File.Born == nil {
		t.Skip("this file system has no birth times")
	}
	copyOver(t, final, final)
	if err := s.lock.Close(); err != nil {
		t.Fatal(err)
	}
	s.lock = nil
	if _, err := Sweep(directory); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"disk.qcow2": "image"}, tree(t, directory)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

// A full file system is named as the cause wherever it shows first.
func TestFullFileSystem(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]string{"no blocks": "size=4k", "no inodes": "nr_inodes=2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := testmount.Tmpfs(t, options)
			write(t, filepath.Join(directory, "fill"), strings.Repeat("x", 4096))
			_, err := Preflight(directory, nil, false)
			if err == nil {
				_, err = NewRun(directory, uuid.NewString())
			}
			if err == nil || !strings.Contains(err.Error(), directory+" cannot be written: no space left") || remedy.Of(err) == "" {
				t.Errorf("error is %v (%s)", err, remedy.Of(err))
			}
		})
	}
}

// The file that only keeps the name for an image goes with its run.
func killedBeforeTheRename(t *testing.T, directory string) {
	for _, written := range []bool{false, true} {
		final := filepath.Join(directory, "disk.qcow2")
		r := newRun(t, directory)
		p := temporary(t, r, final, "image")
		ready, err := r.prepare(p, false)
		if err != nil {
			t.Fatal(err)
		}
		s := ready.staging
		s.entries = []journalEntry{{Name: "disk.qcow2", File: ready.record.File}}
		text := ""
		if written {
			text = placeholder(p.Temporary)
		}
		write(t, final, text)
		if err := errors.Join(s.writeJournal(), s.lock.Close()); err != nil {
			t.Fatal(err)
		}
		s.lock = nil
		if _, err := Sweep(directory); err != nil {
			t.Fatal(err)
		}
		nothingIn(t, directory)
	}
}

func twoRuns(t *testing.T, directory string) {
	final := filepath.Join(directory, "disk.qcow2")
	errs := make(chan error)
	for range 2 {
		r := newRun(t, directory)
		p := temporary(t, r, final, "image")
		go func() { errs <- errors.Join(r.PublishAll([]Publication{p}, false), r.Close()) }()
	}
	first, second := <-errs, <-errs
	if first == nil {
		first, second = second, first
	}
	if second != nil || !errors.Is(first, fs.ErrExist) {
		t.Errorf("of two runs the one ends with %v and the other with %v", second, first)
	}
	got := tree(t, directory)
	delete(got, filepath.Base(RecordPath(final)))
	if diff := cmp.Diff(map[string]string{"disk.qcow2": "image"}, got); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func madeDirectory(t *testing.T, directory string) {
	final := filepath.Join(directory, "made", "for", "disk.qcow2")
	made, err := Preflight(filepath.Dir(final), []string{final}, false)
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(t, filepath.Dir(final))
	r.Directories = made
	if err := errors.Join(r.PublishAll([]Publication{temporary(t, r, final, "image")}, false), r.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Delete(context.Background(), Identity{RunID: r.ID}, final); err != nil {
		t.Fatal(err)
	}
	nothingIn(t, directory)
}

// A file that some process has open keeps the hidden directory, and nothing else.
func removedWhileOpen(t *testing.T, directory string, hides bool) {
	final := filepath.Join(directory, "disk.qcow2")
	r := newRun(t, directory)
	if err := r.PublishAll([]Publication{temporary(t, r, final, "image")}, false); err != nil {
		t.Fatal(err)
	}
	open, err := os.Create(filepath.Join(r.Dir(), "overlay"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Commit(); err != nil {
		t.Fatal(err)
	}
	err = r.Close()
	var held *LeftoverError
	if hides != errors.As(err, &held) {
		t.Errorf("the run ends with %v", err)
	}
	if status := Check(final, Identity{RunID: r.ID}); status.State != StateOwned {
		t.Errorf("the image is %s (%s)", status.State, status.Reason)
	}
	if _, err := Sweep(directory); err != nil {
		t.Errorf("a sweep while the file is open: %v", err)
	}
	if status := Check(final, Identity{RunID: r.ID}); status.State != StateOwned {
		t.Errorf("after a sweep the image is %s (%s)", status.State, status.Reason)
	}
	if err := open.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Sweep(directory); err != nil {
		t.Fatal(err)
	}
	if _, err := Delete(context.Background(), Identity{RunID: r.ID}, final); err != nil {
		t.Fatal(err)
	}
	nothingIn(t, directory)
}

func retracted(t *testing.T, directory string) {
	final := filepath.Join(directory, "disk.qcow2")
	publish(t, final, "old")
	before := tree(t, directory)
	r := newRun(t, directory)
	if err := r.PublishAll([]Publication{temporary(t, r, final, "new")}, true); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Commit(), r.Retract(), r.Close()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, directory)); diff != "" {
		t.Errorf("directory (-before +after):\n%s", diff)
	}
}

func noModes(t *testing.T, directory string, keeps bool) {
	path := filepath.Join(directory, "disk.qcow2")
	write(t, path, "image")
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // opened for reading
	var exposed *ExposedError
	if err := Hide(file); keeps && err != nil || !keeps && !errors.As(err, &exposed) {
		t.Errorf("hiding a file: %v", err)
	}
}
