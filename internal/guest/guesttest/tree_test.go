package guesttest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

func newTree(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		host := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(host), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(target, host)
		} else {
			err = os.WriteFile(host, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return NewTree(dir)
}

func TestTreeResolvesLinksInsideItsRoot(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("host"), 0o600); err != nil {
		t.Fatal(err)
	}
	tree := newTree(t, map[string]string{
		"usr/lib/os-release":  "ID=debian\n",
		"etc/os-release":      "-> ../usr/lib/os-release",
		"etc/absolute":        "-> /usr/lib/os-release",
		"lib":                 "-> usr/lib",
		"etc/above":           "-> ../../../../../usr/lib/os-release",
		"etc/outside":         "-> " + outside,
		"etc/loop":            "-> loop",
		"etc/chain":           "-> absolute",
		"etc/through-a-file":  "-> os-release/x",
		"etc/dangling/target": "-> /nowhere/file",
	})
	tests := map[string]struct {
		path string
		want string
		err  error
	}{
		"plain":             {path: "/usr/lib/os-release", want: "ID=debian\n"},
		"relative link":     {path: "/etc/os-release", want: "ID=debian\n"},
		"absolute link":     {path: "/etc/absolute", want: "ID=debian\n"},
		"directory link":    {path: "/lib/os-release", want: "ID=debian\n"},
		"more .. than root": {path: "/etc/above", want: "ID=debian\n"},
		"path with ..":      {path: "/../../etc/os-release", want: "ID=debian\n"},
		"chain":             {path: "/etc/chain", want: "ID=debian\n"},
		"out of the root":   {path: "/etc/outside", err: fs.ErrNotExist},
		"loop":              {path: "/etc/loop", err: syscall.ELOOP},
		"file as directory": {path: "/etc/through-a-file", err: syscall.ENOTDIR},
		"missing":           {path: "/etc/missing", err: fs.ErrNotExist},
		"missing parent":    {path: "/no/etc/missing", err: fs.ErrNotExist},
		"relative path":     {path: "etc/os-release", err: guest.ErrNotAbsolute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tree.ReadFile(test.path)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if err != nil && strings.Contains(err.Error(), tree.dir) {
				t.Errorf("the error names the host's path: %v", err)
			}
			if string(got) != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTreeWriteKeepsAttributesAndLinks(t *testing.T) {
	t.Parallel()
	tree := newTree(t, map[string]string{
		"etc/fstab.real":  "old",
		"etc/fstab":       "-> fstab.real",
		"etc/resolv.conf": "-> /run/resolv.conf",
		"run/.keep":       "",
	})
	if err := tree.Chmod("/etc/fstab", 0o000); err != nil {
		t.Fatal(err)
	}
	if err := tree.Chown("/etc/fstab", 7, 42); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/etc/fstab", "/etc/resolv.conf", "/etc/new"} {
		if err := tree.WriteFile(name, []byte("new"), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]guest.FileInfo{
		"/etc/fstab":       {Mode: fs.ModeSymlink | 0o777, Size: 10},
		"/etc/fstab.real":  {Mode: 0, Size: 3, UID: 7, GID: 42},
		"/run/resolv.conf": {Mode: 0o640, Size: 3},
		"/etc/new":         {Mode: 0o640, Size: 3},
	}
	for name, want := range want {
		got, err := tree.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	names, err := tree.ReadDir("/etc")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"fstab", "fstab.real", "new", "resolv.conf"}, names); diff != "" {
		t.Errorf("temporary left (-want +got):\n%s", diff)
	}
	if err := tree.WriteFile("/etc", nil, 0o600); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("writing a directory: %v", err)
	}
}

func TestTreeChanges(t *testing.T) {
	t.Parallel()
	tree := newTree(t, map[string]string{
		"etc/a":     "content",
		"var/run":   "-> /run",
		"run/.keep": "",
	})
	steps := []struct {
		name string
		do   func() error
		err  error
	}{
		{"directories through a link", func() error { return tree.MkdirAll("/var/run/x/y", 0o750) }, nil},
		{"again", func() error { return tree.MkdirAll("/run/x/y", 0o700) }, nil},
		{"directory over a file", func() error { return tree.MkdirAll("/etc/a/b", 0o700) }, syscall.ENOTDIR},
		{"chown", func() error { return tree.Chown("/run/x/y", 5, 6) }, nil},
		{"link", func() error { return tree.Symlink("/dev/null", "/run/x/l") }, nil},
		{"link again", func() error { return tree.Symlink("../etc/a", "/run/x/l") }, nil},
		{"link over a file", func() error { return tree.Symlink("x", "/etc/a") }, fs.ErrExist},
		{"rename", func() error { return tree.Rename("/run/x", "/etc/x") }, nil},
		{"rename of nothing", func() error { return tree.Rename("/run/x", "/etc/x") }, fs.ErrNotExist},
		{"remove a full directory", func() error { return tree.Remove("/etc/x") }, syscall.ENOTEMPTY},
		{"remove nothing", func() error { return tree.Remove("/etc/none") }, fs.ErrNotExist},
		{"remove all of nothing", func() error { return tree.RemoveAll("/none/at/all") }, nil},
		{"chmod of nothing", func() error { return tree.Chmod("/none", 0) }, fs.ErrNotExist},
	}
	for _, step := range steps {
		if err := step.do(); !errors.Is(err, step.err) {
			t.Fatalf("%s: error %v, want %v", step.name, err, step.err)
		}
	}
	got, err := tree.Stat("/etc/x/y")
	if err != nil {
		t.Fatal(err)
	}
	if got.Mode != fs.ModeDir|0o750 || got.UID != 5 || got.GID != 6 {
		t.Errorf("the moved directory lost its attributes: %+v", got)
	}
	if target, err := tree.Readlink("/etc/x/l"); err != nil || target != "../etc/a" {
		t.Errorf("link is %q, %v", target, err)
	}
	if err := tree.RemoveAll("/etc/x"); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Lstat("/etc/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	if err := tree.RemoveAll("/"); err == nil {
		t.Error("the guest's root was removed")
	}
	var out bytes.Buffer
	if err := tree.Download("/etc/a", &out); err != nil || out.String() != "content" {
		t.Errorf("download %q, %v", out.String(), err)
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	TestFS(t, newTree(t, map[string]string{"tmp/.keep": ""}), "/tmp/work")
}
