package artifact

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	first, second, third := newRun(t, directory), newRun(t, directory), newRun(t, directory)
	names := []string{"progress.json", "web.progress.json"}
	for _, r := range []*Run{first, second} {
		file, err := r.Progress(directory, names...)
		if err != nil {
			t.Fatal(err)
		}
		info, err := file.Stat()
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("before it is known who may read it: %v, %v", info, err)
		}
		if err := file.Admit(Readers{}); err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString("{}\n"); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if file, err := third.Progress(directory, names...); file != nil || err != nil {
		t.Errorf("where no name is free: %v, %v", file, err)
	}
	if diff := cmp.Diff(names, visible(t, directory)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(directory, "progress.json"))
	if err != nil || info.Mode() != 0o644 || info.Size() != 3 {
		t.Errorf("%v, %v", info, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names[1:], visible(t, directory)); diff != "" {
		t.Errorf("after the first run (-want +got):\n%s", diff)
	}
	// Somebody else's file under the name of the second's.
	if err := os.Remove(filepath.Join(directory, names[1])); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, names[1]), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names[1:], visible(t, directory)); diff != "" {
		t.Errorf("after the second run (-want +got):\n%s", diff)
	}
}

// visible lists the files that are not hidden.
func visible(t *testing.T, directory string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(directory, "[^.]*"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range found {
		found[n] = filepath.Base(found[n])
	}
	return found
}
