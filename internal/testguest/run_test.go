package testguest

import (
	"io"
	"strings"
	"testing"
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

func TestTail(t *testing.T) {
	t.Parallel()
	if got := tail("first\nsecond\nthird\n", 9); got != "... third" {
		t.Errorf("got %q", got)
	}
	if got := tail(" short \n", 100); got != "short" {
		t.Errorf("got %q", got)
	}
}
