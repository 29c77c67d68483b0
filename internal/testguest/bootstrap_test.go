package testguest

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRootsComeFromMirrorsThatAreBehind looks at what mmdebstrap is told for both
// kinds of roots.
func TestRootsComeFromMirrorsThatAreBehind(t *testing.T) {
	folder := t.TempDir()
	told := filepath.Join(folder, "told")
	program := "#!/bin/sh\nprintf '%s\\n' \"$@\" >>" + told + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(folder, "mmdebstrap"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	t.Setenv("XDG_CACHE_HOME", folder)

	if _, err := HostRoot(t.Context(), Bookworm, []string{"tar"}); err == nil {
		t.Error("a host's root of a program that fails")
	}
	if _, err := bootstrap(t.Context(), folder, Bootstrap{Suite: Bookworm}, io.Discard); err == nil {
		t.Error("a guest's root of a program that fails")
	}
	data, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{`--aptopt=Acquire::Check-Valid-Until "false"`, "--variant=minbase", "bookworm"} {
		if n := strings.Count(string(data), word+"\n"); n != 2 {
			t.Errorf("%q was told %d times, want twice:\n%s", word, n, data)
		}
	}
}
