package edit

import (
	"bytes"
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// countingFS counts what is asked of a guest.
type countingFS struct {
	guest.FS
	asked int
	reads []string
}

func (c *countingFS) ReadFile(name string) ([]byte, error) {
	c.asked++
	c.reads = append(c.reads, name)
	return c.FS.ReadFile(name)
}

func (c *countingFS) Lstat(name string) (guest.FileInfo, error) {
	c.asked++
	return c.FS.Lstat(name)
}

func (c *countingFS) Readlink(name string) (string, error) {
	c.asked++
	return c.FS.Readlink(name)
}

func (c *countingFS) ReadDir(name string) ([]string, error) {
	c.asked++
	return c.FS.ReadDir(name)
}

func TestFileIsReadOnceUnlessWritten(t *testing.T) {
	t.Parallel()
	counting := &countingFS{FS: guesttest.New(t, map[string]string{
		"/usr/lib/a": "one", "/lib": "-> usr/lib", "/etc/link": "-> /lib/a", "/etc/b": "b",
	})}
	e := newEditor(t, Guest{FS: counting, Runner: &guesttest.Runner{Answers: map[string]guesttest.Answer{
		"tool": {Do: func([]byte) error { return counting.WriteFile("/usr/lib/a", []byte("three"), 0o644) }},
	}}}, false)
	read := func(want string) {
		t.Helper()
		for _, name := range []string{"/usr/lib/a", "/lib/a", "/etc/link", "/usr/../lib/a"} {
			if got, ok, err := e.Read(name); got != want || !ok || err != nil {
				t.Errorf("%s is %q, %v, %v, want %q", name, got, ok, err, want)
			}
		}
	}
	read("one")
	asked := counting.asked
	read("one")
	if counting.asked != asked || len(counting.reads) != 1 {
		t.Errorf("it was asked again: %d, read %q", counting.asked-asked, counting.reads)
	}
	if err := e.Write("/etc/link", "two", 0o644, ""); err != nil {
		t.Fatal(err)
	}
	read("two")
	if err := e.Command(t.Context(), "", "tool"); err != nil {
		t.Fatal(err)
	}
	read("three")
	if err := e.Upload("/lib/a", bytes.NewReader([]byte("four")), 0o644); err != nil {
		t.Fatal(err)
	}
	read("four")
	if diff := cmp.Diff(4, len(counting.reads)); diff != "" {
		t.Errorf("reads %q (-want +got):\n%s", counting.reads, diff)
	}
}

// Every kind of change is seen by every kind of question that was asked before.
func TestCacheSeesChanges(t *testing.T) {
	t.Parallel()
	type state struct {
		Text           string
		Mode           fs.FileMode
		Links          bool
		Names, Parents []string
	}
	ask := func(c guest.FS) (s state) {
		text, _ := c.ReadFile("/d/l/x/f")
		info, _ := c.Stat("/d/x/f")
		target, err := c.Readlink("/d/x/f")
		s.Text, s.Mode, s.Links = string(text), info.Mode, err == nil && target != ""
		s.Names, _ = c.ReadDir("/d/x")
		s.Parents, _ = c.ReadDir("/d/l")
		return s
	}
	tree := guesttest.New(t, map[string]string{"/d/l": "-> .", "/other": "other"})
	c := newCacheFS(tree)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"directory", func() error { return c.MkdirAll("/d/l/x", 0o755) }},
		{"file", func() error { return c.WriteFile("/d/x/f", []byte("a"), 0o644) }},
		{"mode", func() error { return c.Chmod("/d/l/x/f", 0o600) }},
		{"owner", func() error { return c.Chown("/d/l/x/f", 1, 2) }},
		{"removal", func() error { return c.Remove("/d/l/x/f") }},
		{"link", func() error { return c.Symlink("/other", "/d/x/f") }},
		{"write through a link", func() error { return c.WriteFile("/d/l/x/f", []byte("b"), 0o644) }},
		{"rename", func() error { return c.Rename("/d/x", "/d/l/y") }},
		{"rename back", func() error { return c.Rename("/d/y", "/d/x") }},
		{"removal of all", func() error { return c.RemoveAll("/d/x") }},
		{"directories", func() error { return c.MkdirAll("/d/x/f/g", 0o755) }},
	} {
		before := ask(c)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		want := ask(tree)
		if diff := cmp.Diff(want, ask(c)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		if step.name != "owner" && cmp.Equal(before, want) {
			t.Errorf("%s changed nothing", step.name)
		}
	}
}

func TestCacheKeepsErrors(t *testing.T) {
	t.Parallel()
	c := newCacheFS(guesttest.New(t, map[string]string{"/loop": "-> loop", "/file": "x"}))
	for name, want := range map[string]error{"/loop": syscall.ELOOP, "/none": fs.ErrNotExist, "/none/below": fs.ErrNotExist, "/file/below": syscall.ENOTDIR} {
		for range 2 {
			if _, err := c.ReadFile(name); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
	if _, err := c.ReadFile("file"); err == nil {
		t.Error("a relative path was read")
	}
}
