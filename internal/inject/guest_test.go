package inject

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// testGuest is a directory tree with a clock that stands still.
type testGuest struct {
	t      *testing.T
	dir    string
	fs     *guesttest.Tree
	runner *guesttest.Runner
	mounts []guest.Mount
	first  *edit.Editor // of the first run
}

// day is the number of days since 1970 at the tests' time.
const day = "19783"

var clock = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// newGuest makes a guest of files by path, as guesttest has them.
func newGuest(t *testing.T, sets ...map[string]string) *testGuest {
	t.Helper()
	g := &testGuest{t: t, dir: guesttest.NewDirectory(t, sets...)}
	g.fs = guesttest.NewTree(g.dir)
	g.runner = &guesttest.Runner{Answers: map[string]guesttest.Answer{}}
	return g
}

func (g *testGuest) editor() *edit.Editor {
	g.t.Helper()
	return edittest.New(g.t, edit.Guest{FS: g.fs, Runner: g.runner, Mounts: g.mounts})
}

func (g *testGuest) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *testGuest) try(o manifest.Configuration) (report.Injection, []report.Warning, error) {
	g.t.Helper()
	e := g.editor()
	if g.first == nil {
		g.first = e
	}
	i, err := newInjection(e, guest.OS{}, &o, func() time.Time { return clock })
	g.must(err)
	return i.Run(g.t.Context())
}

// inject runs o, and runs it again to see that this changes nothing.
func (g *testGuest) inject(o manifest.Configuration) (report.Injection, []report.Warning) {
	g.t.Helper()
	result, warnings, err := g.try(o)
	g.must(err)
	again, _, err := g.try(o)
	g.must(err)
	if len(again.Changes) > 0 {
		g.t.Errorf("the second run is not idle: %+v", again.Changes)
	}
	return result, warnings
}

// relabels reports whether SELinux labels are restored after the first run; the
// guests have no program for that and are asked to do it themselves.
func (g *testGuest) relabels() bool {
	g.t.Helper()
	g.must(g.first.Label(g.t.Context()))
	_, err := g.fs.Stat("/.autorelabel")
	return err == nil
}

func (g *testGuest) read(name string) string {
	g.t.Helper()
	data, err := g.fs.ReadFile(name)
	g.must(err)
	return string(data)
}

// links maps each symbolic link below directory to its target.
func (g *testGuest) links(directory string) map[string]string {
	g.t.Helper()
	found := map[string]string{}
	top := filepath.Join(g.dir, directory)
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink == 0 {
			return err
		}
		target, err := os.Readlink(path)
		found[strings.TrimPrefix(path, top+"/")] = target
		return err
	})
	g.must(err)
	return found
}

// attributes is "mode uid:gid".
func (g *testGuest) attributes(name string) attributes {
	g.t.Helper()
	info, err := g.fs.Stat(name)
	g.must(err)
	return attributes{info.Mode.Perm(), info.UID, info.GID}
}

type attributes struct {
	Mode     fs.FileMode
	UID, GID int
}

// wantWarnings checks that each text occurs in one warning and that there are
// no others.
func wantWarnings(t *testing.T, warnings []report.Warning, texts ...string) {
	t.Helper()
	left := slices.Clone(warnings)
	for _, text := range texts {
		i := slices.IndexFunc(left, func(w report.Warning) bool {
			return strings.Contains(w.Message, text) || strings.Contains(w.Remedy, text)
		})
		if i < 0 {
			t.Errorf("no warning with %q", text)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, w := range left {
		t.Errorf("unexpected warning: %s (%s)", w.Message, w.Remedy)
	}
}

// changeOf returns the change of a path.
func changeOf(t *testing.T, r report.Injection, path string) report.Change {
	t.Helper()
	for _, c := range r.Changes {
		if c.Path == path {
			return c
		}
	}
	t.Errorf("no change of %s", path)
	return report.Change{}
}

// everything is all that a result and its warnings show.
func everything(r report.Injection, warnings []report.Warning) string {
	var text strings.Builder
	for _, c := range r.Changes {
		text.WriteString(c.Path + c.Action + c.Description + c.Diff)
	}
	for _, w := range warnings {
		text.WriteString(w.Message + w.Remedy)
	}
	return text.String()
}

func ptr[T any](v T) *T { return &v }
