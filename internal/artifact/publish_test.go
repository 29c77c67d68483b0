package artifact

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPublish(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	final := filepath.Join(directory, "disk.qcow2")
	r := newRun(t, directory)
	r.Directories = []string{directory}
	p := temporary(t, r, final, "image")
	if !strings.HasPrefix(p.Temporary, directory+"/.hyper2kvm-"+r.ID+"/") || filepath.Base(p.Temporary) != "disk.qcow2" {
		t.Errorf("temporary %s is not hidden beside its final path with the run's id", p.Temporary)
	}
	if info, err := os.Stat(r.Dir()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("work directory: %v, %v; want mode 0700", info, err)
	}
	write(t, filepath.Join(r.Dir(), "overlay"), "scratch")
	if err := r.PublishAll([]Publication{p}, false); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	got := tree(t, directory)
	delete(got, ".disk.qcow2.hyper2kvm.json")
	if diff := cmp.Diff(map[string]string{"disk.qcow2": "image"}, got); diff != "" {
		t.Errorf("directory after Close (-want +got):\n%s", diff)
	}
	record, err := ReadRecord(final)
	if err != nil {
		t.Fatal(err)
	}
	now, err := fingerprint(final)
	if err != nil {
		t.Fatal(err)
	}
	want := &Record{
		Version: 1, RunID: r.ID, HostID: HostID(), Created: record.Created, Mark: markOf(filepath.Dir(final)), ManifestDigest: "sha256:0123",
		Tools: map[string]string{"qemu-img": "7.2"}, File: now, Directories: []string{directory},
	}
	if diff := cmp.Diff(want, record); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if status := Check(final, record.Identity()); status.State != StateOwned {
		t.Errorf("state is %s (%s), want owned", status.State, status.Reason)
	}
}

func TestNoReplace(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(from, to string) error{
		"rename": renameNoReplace, "link": linkNoReplace, "placeholder": placeholderNoReplace,
	} {
		directory := t.TempDir()
		from, to := filepath.Join(directory, "from"), filepath.Join(directory, "to")
		write(t, from, "new")
		if err := move(from, to); err != nil {
			t.Fatal(err)
		}
		write(t, from, "newer")
		if err := move(from, to); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s onto a file: %v, want fs.ErrExist", name, err)
		}
		if diff := cmp.Diff(map[string]string{"from": "newer", "to": "new"}, tree(t, directory)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if err := move(from+".gone", to+".new"); err == nil {
			t.Errorf("%s of no file is no error", name)
		}
		if diff := cmp.Diff(map[string]string{"from": "newer", "to": "new"}, tree(t, directory)); diff != "" {
			t.Errorf("%s of no file: %s", name, diff)
		}
	}
}

func TestPublishAllIsAllOrNothing(t *testing.T) {
	t.Parallel()
	for _, overwrite := range []bool{false, true} {
		directory, other := t.TempDir(), t.TempDir()
		first, second := filepath.Join(directory, "a.qcow2"), filepath.Join(other, "b.qcow2")
		if overwrite {
			publish(t, first, "old")
		}
		before, beforeOther := tree(t, directory), tree(t, other)
		r := newRun(t, directory)
		list := []Publication{temporary(t, r, first, "new a"), temporary(t, r, second, "new b")}
		ready := make([]*publication, 0, 2)
		for _, p := range list {
			next, err := r.prepare(p, overwrite)
			if err != nil {
				t.Fatal(err)
			}
			ready = append(ready, next)
		}
		// The second rename fails: its temporary disappears after the checks.
		if err := os.Remove(list[1].Temporary); err != nil {
			t.Fatal(err)
		}
		kept := map[*staging]int{}
		for _, p := range ready {
			kept[p.staging] = 0
			p.staging.entries = append(p.staging.entries, journalEntry{Name: filepath.Base(p.final), File: p.record.File})
		}
		if err := r.place(ready, kept, overwrite); err == nil {
			t.Fatal("placing a missing file succeeded")
		}
		if data, _ := os.ReadFile(first); string(data) != "new a" {
			t.Fatalf("the first file holds %q before it is taken back", data)
		}
		if err := r.Retract(); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, tree(t, directory)); diff != "" {
			t.Errorf("overwrite %t: first directory (-before +after):\n%s", overwrite, diff)
		}
		if diff := cmp.Diff(beforeOther, tree(t, other)); diff != "" {
			t.Errorf("overwrite %t: second directory (-before +after):\n%s", overwrite, diff)
		}
	}
}

func TestPublishAllTakesBackWhatItPublished(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	r := newRun(t, directory)
	kept := temporary(t, r, filepath.Join(directory, "kept"), "kept")
	if err := r.PublishAll([]Publication{kept}, false); err != nil {
		t.Fatal(err)
	}
	before := tree(t, directory)
	// Both want one path: the second rename fails after the first is done.
	a := temporary(t, r, filepath.Join(directory, "a"), "1")
	b := temporary(t, r, filepath.Join(directory, "b"), "2")
	b.Path = a.Path
	if err := r.PublishAll([]Publication{a, b}, false); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("error is %v, want fs.ErrExist", err)
	}
	after := tree(t, directory)
	for _, name := range []string{"a", ".a.hyper2kvm.json"} {
		if content, ok := after[name]; ok {
			t.Errorf("%s was left: %s", name, content)
		}
	}
	if after["kept"] != "kept" || after[".kept.hyper2kvm.json"] != before[".kept.hyper2kvm.json"] {
		t.Error("what an earlier call published was taken back too")
	}
}

func TestPublishOverwrite(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	final := filepath.Join(directory, "disk.qcow2")
	old := publish(t, final, "old")
	before := tree(t, directory)

	r := newRun(t, directory)
	p := temporary(t, r, final, "new")
	if err := r.PublishAll([]Publication{p}, true); err != nil {
		t.Fatal(err)
	}
	if record, err := ReadRecord(final); err != nil || record.RunID != r.ID {
		t.Fatalf("record is of %v, %v", record, err)
	}
	if err := r.Retract(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, directory)); diff != "" {
		t.Errorf("after Retract (-before +after):\n%s", diff)
	}

	r = newRun(t, directory)
	if err := r.PublishAll([]Publication{temporary(t, r, final, "new")}, true); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(final); string(data) != "new" {
		t.Errorf("content is %q", data)
	}
	if status := Check(final, Identity{RunID: old}); status.State != StateReplaced {
		t.Errorf("the old run sees %s, want replaced", status.State)
	}
}

func TestTwoRunsWantOnePath(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	final := filepath.Join(directory, "disk.qcow2")
	const runs = 8
	errs := make([]error, runs)
	ids := make([]string, runs)
	var wait sync.WaitGroup
	for i := range runs {
		r := newRun(t, directory)
		ids[i] = r.ID
		p := temporary(t, r, final, r.ID)
		wait.Go(func() {
			errs[i] = errors.Join(r.PublishAll([]Publication{p}, false), r.Close())
		})
	}
	wait.Wait()
	winner := ""
	for i, err := range errs {
		switch {
		case err == nil && winner == "":
			winner = ids[i]
		case err == nil:
			t.Errorf("runs %s and %s both published", winner, ids[i])
		case !errors.Is(err, fs.ErrExist):
			t.Errorf("run %s: %v, want fs.ErrExist", ids[i], err)
		}
	}
	data, _ := os.ReadFile(final)
	record, err := ReadRecord(final)
	if err != nil || winner == "" || string(data) != winner || record.RunID != winner {
		t.Errorf("winner %s, content %s, record %v, %v", winner, data, record, err)
	}
	if got := tree(t, directory); len(got) != 2 {
		t.Errorf("left: %v", got)
	}
}
