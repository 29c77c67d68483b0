package edit

import (
	"bytes"
	"errors"
	"io"
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

// sizedFS is a guest that reads files of known sizes.
type sizedFS struct{ *countingFS }

func (s sizedFS) ReadRegular(name string, size int64) ([]byte, error) {
	data, err := s.ReadFile(name)
	if err == nil && int64(len(data)) != size {
		return nil, errors.New("the size is wrong")
	}
	return data, err
}

// What is known of a directory, or of a file, answers for what is in it, or for its
// content.
func TestCacheAsksForNothingThatIsKnown(t *testing.T) {
	t.Parallel()
	counting := &countingFS{FS: guesttest.New(t, map[string]string{"/etc/fstab": "a", "/etc/EFI": "b", "/etc/link": "-> fstab", "/etc/d/x": ""})}
	c := newCacheFS(sizedFS{counting})
	if _, err := c.ReadDir("/etc"); err != nil {
		t.Fatal(err)
	}
	asked := counting.asked
	for _, name := range []string{"/etc/none", "/etc/none/below"} {
		_, statErr := c.Stat(name)
		_, lstatErr := c.Lstat(name)
		_, readErr := c.ReadFile(name)
		_, linkErr := c.Readlink(name)
		_, listErr := c.ReadDir(name)
		downloadErr := c.Download("/etc/none/below", io.Discard)
		for n, err := range []error{statErr, lstatErr, readErr, linkErr, listErr, downloadErr} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s, question %d: %v", name, n, err)
			}
		}
	}
	if counting.asked != asked {
		t.Errorf("the guest was asked %d times for what is in no list", counting.asked-asked)
	}
	// Where letters of either case are the same, or names have short forms, a list does not tell.
	for _, name := range []string{"/etc/efi", "/etc/FSTAB~1"} {
		asked = counting.asked
		if _, err := c.Stat(name); !errors.Is(err, fs.ErrNotExist) || counting.asked == asked {
			t.Errorf("%s was not asked for: %v", name, err)
		}
	}
	if text, err := c.ReadFile("/etc/link"); string(text) != "a" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	asked = counting.asked
	var downloaded bytes.Buffer
	if err := c.Download("/etc/fstab", &downloaded); downloaded.String() != "a" || err != nil || counting.asked != asked {
		t.Errorf("%q, %v, asked %d times", downloaded.String(), err, counting.asked-asked)
	}
	// What is made is there, whatever was listed.
	if err := c.WriteFile("/etc/none", []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, err := c.ReadFile("/etc/none"); string(text) != "new" || err != nil {
		t.Errorf("%q, %v", text, err)
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
