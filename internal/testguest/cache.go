package testguest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a process looks whether another has finished building
// the same thing.
const lockPoll = 500 * time.Millisecond

// cachePath returns the cache folder, made if need be.
func cachePath() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache folder for test guests (set HOME or XDG_CACHE_HOME): %w", err)
	}
	dir := filepath.Join(base, "hyper2kvm-testguest")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder for test guests: %w", err)
	}
	return dir, nil
}

// cached returns the folder dir/name, calling build to fill it if it does not
// exist yet. Processes that ask for the same name wait for the one that builds.
// Nothing is visible under the name before build has succeeded.
func cached(ctx context.Context, dir, name string, build func(temporary string) error) (string, error) {
	final := filepath.Join(dir, name)
	if exists(final) {
		return final, nil
	}
	unlock, err := lockFor(ctx, final)
	if err != nil {
		return "", err
	}
	defer unlock()
	if exists(final) {
		return final, nil
	}

	// With the lock held, an older temporary is a dead builder's.
	temporary := filepath.Join(dir, "."+name+".tmp")
	if err := os.RemoveAll(temporary); err != nil {
		return "", fmt.Errorf("removing an unfinished build: %w", err)
	}
	if err := os.MkdirAll(temporary, 0o755); err != nil {
		return "", fmt.Errorf("making the build folder: %w", err)
	}
	if err := build(temporary); err != nil {
		return "", errors.Join(err, os.RemoveAll(temporary))
	}
	if err := os.Rename(temporary, final); err != nil {
		return "", errors.Join(fmt.Errorf("publishing %s: %w", final, err), os.RemoveAll(temporary))
	}
	return final, nil
}

// lockFor waits until no other process works on what is, or would be, at the path.
func lockFor(ctx context.Context, path string) (unlock func(), err error) {
	lock := flock.New(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock"))
	if locked, err := lock.TryLockContext(ctx, lockPoll); err != nil || !locked {
		return nil, fmt.Errorf("waiting for the lock on %s: %w", path, err)
	}
	return func() { _ = lock.Unlock() }, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
