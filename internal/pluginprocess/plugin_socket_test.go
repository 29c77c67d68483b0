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
	living, lock := newSocketDirectory(temporary)
	if lock == nil {
		t.Fatal("no directory was made")
	}
	defer lock.Close() //nolint:errcheck // the test has ended

	release := OwnSocketDirectory()
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

// Where it would make the socket's address too long, go-plugin must not get it.
func TestSocketDirectoryThatIsTooDeep(t *testing.T) {
	temporary := filepath.Join(t.TempDir(), strings.Repeat("d", maxSocketPath))
	if err := os.Mkdir(temporary, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temporary)
	t.Setenv(socketVariable, "")
	t.Setenv(cookieVariable, "cookie")
	OwnSocketDirectory()()
	if directory := os.Getenv(socketVariable); directory != "" {
		t.Errorf("the socket would be in %q", directory)
	}
	if left := names(t, temporary); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
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
