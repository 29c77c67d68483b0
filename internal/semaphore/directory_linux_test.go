package semaphore

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSharedBelow(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	own := filepath.Join(temporary, "hyper2kvm-locks")
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := sharedBelow(open); got != own {
		t.Errorf("where one user may write: %s", got)
	}
	if err := os.Chmod(open, 0o777); err != nil { //nolint:gosec // as /run/lock is
		t.Fatal(err)
	}
	shared := filepath.Join(open, "hyper2kvm")
	if got := sharedBelow(open); got != shared {
		t.Errorf("where all users may write: %s", got)
	}
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := sharedBelow(open); got != shared {
		t.Errorf("once it is there: %s", got)
	}
	if got := sharedBelow(filepath.Join(open, "absent")); got != own {
		t.Errorf("without such a directory: %s", got)
	}
}
