package testguest

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestRunSaysHowToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := run(t.Context(), io.Discard, nil, "guestfish")
	if err == nil || !strings.Contains(err.Error(), "apt-get install guestfish") {
		t.Errorf("got %v", err)
	}
}

func TestRunReportsOutput(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), io.Discard, []string{"REASON=disk full"}, "sh", "-c", "echo $REASON >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "disk full") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}

// TestRunOwnedKillsTheGroup starts a program whose child outlives it and holds
// the output open: without the kill of the whole group Wait would not return.
func TestRunOwnedKillsTheGroup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	cmd := exec.CommandContext(ctx, "sh", "-c", "sleep 300 & echo started; wait")
	cmd.Stdout = writer
	ended := make(chan error, 1)
	go func() { ended <- runOwned(cmd) }()
	if _, err := reader.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) && err == nil {
			t.Error("no error from a killed program")
		}
	case <-time.After(2 * killDelay):
		t.Fatal("still running")
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	if got := tail("first\nsecond\nthird\n", 9); got != "... third" {
		t.Errorf("got %q", got)
	}
	if got := tail(" short \n", 100); got != "short" {
		t.Errorf("got %q", got)
	}
}
