package semaphore

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// locks is where systems keep locks, for all users.
const locks = "/run/lock"

// DefaultDirectory is the one that all users of a host share.
func DefaultDirectory() string { return sharedBelow(locks) }

// sharedBelow returns a directory below locks. Where not all users may write there, or
// nobody may, as with a root that is read-only, it is one of temporary files.
func sharedBelow(locks string) string {
	shared := filepath.Join(locks, "hyper2kvm")
	info, err := os.Stat(locks)
	if err == nil && info.IsDir() && info.Mode()&0o002 != 0 {
		if _, err := os.Stat(shared); err == nil {
			locks = shared
		}
		if unix.Access(locks, unix.W_OK) == nil {
			return shared
		}
	}
	return filepath.Join(os.TempDir(), "hyper2kvm-locks")
}
