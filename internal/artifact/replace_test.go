package artifact

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func entries(t *testing.T, directory string) []string {
	t.Helper()
	found, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, entry := range found {
		names = append(names, entry.Name())
	}
	return names
}

func TestReplaceIsWhole(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "report.json")
	if err := os.WriteFile(path, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A second name keeps the older file: the new one must be another file, or
	// a reader could see a half of it.
	kept := filepath.Join(directory, "kept.json")
	if err := os.Link(path, kept); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("newer"), nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{kept: "older", path: "newer"} {
		if content, _ := os.ReadFile(name); string(content) != want {
			t.Errorf("%s holds %q, want %q", name, content, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, want 0644", info.Mode().Perm())
	}
	if diff := cmp.Diff([]string{"kept.json", "report.json"}, entries(t, directory)); diff != "" {
		t.Error(diff)
	}
}

func TestReplaceLeavesNothingOnFailure(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "report.json")
	// A directory of that name with something in it cannot be replaced.
	if err := os.MkdirAll(filepath.Join(path, "occupied"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, nil, nil); err == nil {
		t.Error("no error for a path that is a directory")
	}
	refused := errors.New("no")
	if err := Replace(path+"2", nil, func(*os.File) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("the guard's error is %v", err)
	}
	if diff := cmp.Diff([]string{"report.json"}, entries(t, directory)); diff != "" {
		t.Error(diff)
	}
	if err := Replace(filepath.Join(directory, "absent", "report.json"), nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("for a directory that does not exist: %v", err)
	}
}

// TestSweepOfReplace sweeps the directory in the middle of a replacement by a
// living process, and that of a dead one.
func TestSweepOfReplace(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	dead := filepath.Join(directory, newPrefix+"11111111-2222-4333-8444-555555555555")
	foreign := filepath.Join(directory, newPrefix+"of-somebody-else")
	for _, name := range []string{dead, foreign} {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(directory, "report.json")
	err := Replace(path, []byte("whole"), func(*os.File) error {
		removed, err := Sweep(directory)
		if !slices.Equal(removed, []string{dead}) {
			t.Errorf("swept %q", removed)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(path); string(content) != "whole" {
		t.Errorf("written is %q", content)
	}
	if diff := cmp.Diff([]string{filepath.Base(foreign), "report.json"}, entries(t, directory)); diff != "" {
		t.Error(diff)
	}
}

// TestReplaceAgain loses its new file once to somebody who sweeps without
// asking for locks.
func TestReplaceAgain(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path, times := filepath.Join(directory, "report.json"), 0
	err := Replace(path, []byte("whole"), func(file *os.File) error {
		if times++; times > 1 {
			return nil
		}
		return os.Remove(file.Name())
	})
	if err != nil || times != 2 {
		t.Fatalf("after %d times: %v", times, err)
	}
	if content, _ := os.ReadFile(path); string(content) != "whole" {
		t.Errorf("written is %q", content)
	}
}
