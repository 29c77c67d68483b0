package artifact

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestMove(t *testing.T) {
	t.Parallel()
	places := []string{t.TempDir()}
	if shm, err := os.MkdirTemp("/dev/shm", "artifact-test-"); err == nil { //nolint:usetesting // another file system
		t.Cleanup(func() { _ = os.RemoveAll(shm) })
		places = append(places, shm)
	}
	for _, place := range places {
		from, to := filepath.Join(place, "from"), filepath.Join(t.TempDir(), "to")
		write(t, from, "content")
		if err := Move(from, to); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(to); err != nil || string(data) != "content" {
			t.Errorf("moved file holds %q, %v", data, err)
		}
		if _, err := os.Stat(from); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", from, err)
		}
	}
}
