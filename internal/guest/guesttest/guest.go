// Package guesttest makes guests for tests: a directory of the host in place
// of a disk, and a table of answers in place of programs.
package guesttest

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// New makes a guest of files, by path; a later set comes over an earlier one.
// A content "-> x" makes a symbolic link to x, "dir" a directory, and one that
// begins with "#!" a program.
func New(t testing.TB, sets ...map[string]string) *Tree {
	t.Helper()
	return NewTree(NewDirectory(t, sets...))
}

// NewDirectory makes the directory behind such a guest.
func NewDirectory(t testing.TB, sets ...map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{}
	for _, set := range sets {
		maps.Copy(files, set)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content, full := files[name], filepath.Join(directory, name)
		must(os.MkdirAll(filepath.Dir(full), 0o755))
		switch target, isLink := strings.CutPrefix(content, "-> "); {
		case isLink:
			must(os.Symlink(target, full))
		case content == "dir":
			must(os.MkdirAll(full, 0o755))
		case strings.HasPrefix(content, "#!"):
			must(os.WriteFile(full, []byte(content), 0o755))
		default:
			must(os.WriteFile(full, []byte(content), 0o644))
		}
	}
	return directory
}

// Files reads every regular file of a guest, those below the directories in
// except aside.
func Files(t testing.TB, tree guest.FS, except ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	var walk func(directory string)
	walk = func(directory string) {
		entries, err := tree.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name := path.Join(directory, entry)
			info, err := tree.Lstat(name)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case slices.Contains(except, name):
			case info.Mode.IsDir():
				walk(name)
			case info.Mode.Type() == fs.ModeSymlink:
			default:
				data, err := tree.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				files[name] = string(data)
			}
		}
	}
	walk("/")
	return files
}
