package pluginprocess

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSocketDirectory(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv(socketVariable, "")
	t.Setenv(cookieVariable, "cookie")
	foreign := filepath.Join(temporary, "plugin123")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// What a killed process leaves is not locked.
	dead := filepath.Join(temporary, socketPrefix+"1")
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead, "plugin1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	living, lock, err := newSocketDirectory(temporary)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close() //nolint:errcheck // the test has ended

	release, err := OwnSocketDirectory()
	if err != nil {
		t.Fatal(err)
	}
	own := os.Getenv(socketVariable)
	if filepath.Dir(own) != temporary || own == living {
		t.Errorf("the socket would be in %q", own)
	}
	if left := names(t, temporary); len(left) != 3 {
		t.Errorf("of a living and a dead process, this one and a file there is %q", left)
	}
	release()
	if left := names(t, temporary); len(left) != 2 {
		t.Errorf("of a living process and a file there is %q", left)
	}
}

// TestSocketDirectoryElsewhere: what TMPDIR names may be missing, a file or too
// deep, and the next place serves.
func TestSocketDirectoryElsewhere(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T) string{
		"missing": func(t *testing.T) string { return filepath.Join(t.TempDir(), "missing") },
		"a file":  func(t *testing.T) string { return file(t) },
		"too deep": func(t *testing.T) string {
			deep := filepath.Join(t.TempDir(), strings.Repeat("d", maxSocketPath))
			if err := os.Mkdir(deep, 0o700); err != nil {
				t.Fatal(err)
			}
			return deep
		},
	} {
		t.Run(name, func(t *testing.T) {
			bad, runtime := prepare(t), t.TempDir()
			t.Setenv("TMPDIR", bad)
			t.Setenv("XDG_RUNTIME_DIR", runtime)
			t.Setenv(socketVariable, "")
			t.Setenv(cookieVariable, "cookie")
			dead := filepath.Join(runtime, socketPrefix+"1")
			if err := os.Mkdir(dead, 0o700); err != nil {
				t.Fatal(err)
			}
			release, err := OwnSocketDirectory()
			if err != nil {
				t.Fatal(err)
			}
			own := os.Getenv(socketVariable)
			if left := names(t, runtime); filepath.Dir(own) != runtime || len(left) != 1 || left[0] != filepath.Base(own) {
				t.Errorf("the socket would be in %q, beside %q", own, left)
			}
			release()
			if left := names(t, runtime); len(left) != 0 {
				t.Errorf("left: %q", left)
			}
			if left, _ := os.ReadDir(bad); len(left) != 0 { // it need not be there
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestSocketDirectoryWithoutRuntimeDirectory: the usual places come last, once.
func TestSocketDirectoryWithoutRuntimeDirectory(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	t.Setenv("XDG_RUNTIME_DIR", "relative")
	if got, want := strings.Join(socketParents(), " "), "/tmp /var/tmp /dev/shm"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	t.Setenv("TMPDIR", "/elsewhere")
	if got, want := strings.Join(socketParents(), " "), "/elsewhere /tmp /var/tmp /dev/shm"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestNoSocketDirectory: each place is named with its cause, and what to do.
func TestNoSocketDirectory(t *testing.T) {
	t.Setenv(socketVariable, "")
	missing, taken := filepath.Join(t.TempDir(), "missing"), file(t)
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", maxSocketPath))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	release, err := ownSocketDirectory([]string{missing, taken, deep})
	release()
	if err == nil {
		t.Fatal("a socket can be there")
	}
	for _, want := range []string{missing + " (no such file or directory)", taken + " (not a directory)", deep + " (a socket's path there has ", "let TMPDIR name"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if left := names(t, deep); len(left) != 0 || os.Getenv(socketVariable) != "" {
		t.Errorf("left: %q, and the socket would be in %q", left, os.Getenv(socketVariable))
	}
	t.Setenv(cookieVariable, "cookie")
	t.Setenv(socketVariable, missing)
	if _, err := OwnSocketDirectory(); err == nil || !strings.Contains(err.Error(), missing+", which "+socketVariable+" names") {
		t.Errorf("a directory that the environment names and that is missing: %v", err)
	}
}

func file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func names(t *testing.T, directory string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
