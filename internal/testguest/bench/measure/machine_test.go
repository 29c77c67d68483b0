package measure

import (
	"os"
	"path/filepath"
	"testing"
)

func TestVersion(t *testing.T) {
	for output, want := range map[string]string{
		"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright": "7.2.22",
		"guestfish 1.48.6": "1.48.6",
		"no number":        "",
	} {
		if got := version(output); got != want {
			t.Errorf("version(%q) = %q, want %q", output, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("model\t: 1\nmodel name\t: Some CPU: fast\nID=debian\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, want := field(path, "model name"), "Some CPU: fast"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := assignment(path, "ID"), "debian"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := field(path, "absent"); got != "" {
		t.Errorf("got %q of a field that is not there", got)
	}
}
