//go:build linux

package appliance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCheckEnvironment(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "file")
	makeFile(t, file)
	const unset = "unset"
	for name, test := range map[string]struct {
		tmp, cache, own string // TMPDIR, LIBGUESTFS_CACHEDIR, LIBGUESTFS_TMPDIR
		want            []string
		broken          []string
	}{
		"nothing is set":     {tmp: unset, cache: unset, own: unset},
		"all are good":       {tmp: directory, cache: directory, own: directory},
		"empty":              {tmp: "", want: []string{"TMPDIR is set and empty"}, broken: []string{"TMPDIR"}},
		"relative":           {tmp: ".", cache: ".", want: []string{"TMPDIR is ., which is no absolute path"}, broken: []string{"TMPDIR"}},
		"not there":          {tmp: directory + "/x", want: []string{"TMPDIR names " + directory + "/x, which cannot be used (no such file or directory)"}, broken: []string{"TMPDIR"}},
		"files":              {tmp: file, cache: file, own: file, want: []string{"LIBGUESTFS_TMPDIR names " + file + ", which is no directory", "LIBGUESTFS_CACHEDIR names", "TMPDIR names"}, broken: []string{"LIBGUESTFS_TMPDIR", "LIBGUESTFS_CACHEDIR", "TMPDIR"}},
		"below what is none": {tmp: unset, cache: file + "/x", want: []string{"LIBGUESTFS_CACHEDIR names " + file + "/x, which cannot be used (not a directory)"}, broken: []string{"LIBGUESTFS_CACHEDIR"}},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range map[string]string{"TMPDIR": test.tmp, "LIBGUESTFS_CACHEDIR": test.cache, "LIBGUESTFS_TMPDIR": test.own} {
				t.Setenv(name, value)
				if value == unset {
					_ = os.Unsetenv(name)
				}
			}
			lacks, broken := checkEnvironment()
			compareLacks(t, lacks, test.want, strings.NewReplacer())
			if !slices.Equal(broken, test.broken) {
				t.Errorf("broken are %v, want %v", broken, test.broken)
			}
			for _, entry := range environmentWithout(broken) {
				if name, _, _ := strings.Cut(entry, "="); slices.Contains(broken, name) {
					t.Errorf("%s is still there", entry)
				}
			}
		})
	}
}

func TestChosenDirectories(t *testing.T) {
	runtime := t.TempDir()
	for name, test := range map[string]struct {
		tmp, cache, runtime string
		uid                 int
		broken              []string
		want                [3]directory
	}{
		"defaults":             {want: [3]directory{{path: "/var/tmp"}, {path: "/var/tmp"}, {path: "/tmp"}}},
		"TMPDIR":               {tmp: "/t", want: [3]directory{{"/t", "TMPDIR"}, {"/t", "TMPDIR"}, {path: "/tmp"}}},
		"both":                 {tmp: "/t", cache: "/c", want: [3]directory{{"/c", "LIBGUESTFS_CACHEDIR"}, {"/t", "TMPDIR"}, {path: "/tmp"}}},
		"a user's sockets":     {runtime: runtime, uid: 1000, want: [3]directory{{path: "/var/tmp"}, {path: "/var/tmp"}, {runtime, "XDG_RUNTIME_DIR"}}},
		"root's sockets":       {runtime: runtime, want: [3]directory{{path: "/var/tmp"}, {path: "/var/tmp"}, {path: "/tmp"}}},
		"no runtime directory": {runtime: runtime + "/x", uid: 1000, want: [3]directory{{path: "/var/tmp"}, {path: "/var/tmp"}, {path: "/tmp"}}},
		"broken TMPDIR":        {tmp: "/t", cache: "/c", broken: []string{"TMPDIR"}, want: [3]directory{{"/c", "LIBGUESTFS_CACHEDIR"}, {}, {path: "/tmp"}}},
		"broken for both":      {tmp: "/t", broken: []string{"TMPDIR"}, want: [3]directory{{}, {}, {path: "/tmp"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", test.tmp)
			t.Setenv("LIBGUESTFS_CACHEDIR", test.cache)
			t.Setenv("XDG_RUNTIME_DIR", test.runtime)
			cache, build, sockets := chosenDirectories(test.uid, test.broken)
			if got := [3]directory{cache, build, sockets}; got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
