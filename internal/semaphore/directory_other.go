//go:build !linux

package semaphore

import (
	"os"
	"path/filepath"
)

// DefaultDirectory is the one that all users of a host share.
func DefaultDirectory() string { return filepath.Join(os.TempDir(), "hyper2kvm-locks") }
