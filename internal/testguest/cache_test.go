package testguest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestCachedBuildsOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var builds atomic.Int32
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			folder, err := cached(t.Context(), dir, "guest", func(temporary string) error {
				builds.Add(1)
				if exists(filepath.Join(dir, "guest")) {
					t.Error("visible before it is built")
				}
				return os.WriteFile(filepath.Join(temporary, "disk"), nil, 0o644)
			})
			if err != nil || !exists(filepath.Join(folder, "disk")) {
				t.Errorf("got %s, %v", folder, err)
			}
		})
	}
	wait.Wait()
	if builds.Load() != 1 {
		t.Errorf("built %d times", builds.Load())
	}
}

func TestCachedLeavesNothingOfAFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	failure := errors.New("no space left")
	// A dead builder's remains.
	if err := os.MkdirAll(filepath.Join(dir, ".guest.tmp", "old"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := cached(t.Context(), dir, "guest", func(temporary string) error {
		if exists(filepath.Join(temporary, "old")) {
			t.Error("an older build's files are still there")
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
	for _, name := range []string{"guest", ".guest.tmp"} {
		if exists(filepath.Join(dir, name)) {
			t.Errorf("%s remains", name)
		}
	}
}

func TestCachedWaitEndsWithContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	building, done := make(chan struct{}), make(chan struct{})
	var builder sync.WaitGroup
	builder.Go(func() {
		_, _ = cached(context.Background(), dir, "guest", func(string) error {
			close(building)
			<-done
			return nil
		})
	})
	<-building
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := cached(ctx, dir, "guest", func(string) error { return errors.New("built twice at once") })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a deadline error", err)
	}
	close(done)
	builder.Wait() // it writes to the directory until its end
}
