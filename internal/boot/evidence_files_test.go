package boot

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEvidenceFiles(t *testing.T) {
	t.Parallel()
	outcome := Outcome{
		Verdict: Dead, State: StatePanic, Reason: "Kernel panic", Duration: 12340 * time.Millisecond, Accelerator: "kvm", Console: "a\nb",
		Evidence: []Evidence{{"screen", 12.3, "panic"}}, Screen: Screen{Picture: image.NewRGBA(image.Rect(0, 0, 4, 2)), Text: "c"},
	}
	const log = "# hyper2kvm boot log\n# dead after 12.3s (panic, kvm)\n# Kernel panic\n#    12.3 s  screen: panic\n\n# The serial console:\na\nb\n\n# The screen:\nc\n"
	if got := outcome.Log(); got != log {
		t.Errorf("the log is %q", got)
	}
	picture, err := outcome.Screenshot()
	if err != nil {
		t.Fatal(err)
	}
	if decoded, err := png.Decode(bytes.NewReader(picture)); err != nil || decoded.Bounds() != image.Rect(0, 0, 4, 2) {
		t.Errorf("the picture is %v, %v", decoded, err)
	}
	if _, err := (Outcome{}).Screenshot(); err == nil {
		t.Error("a picture of nothing")
	}
	foreign, err := outcome.Screen.PNG()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	for name, file := range map[string]struct {
		content []byte
		vacant  bool
	}{
		"log": {[]byte(log), true}, "picture": {picture, true}, "another picture": {foreign, false}, "another log": {[]byte("# boot log\n"), false},
		"empty": {nil, false},
	} {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, file.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Vacant(path); (err == nil) != file.vacant || err != nil && !strings.Contains(err.Error(), path+" exists") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Vacant(filepath.Join(directory, "missing")); err != nil {
		t.Error(err)
	}
	if err := os.Symlink("log", filepath.Join(directory, "link")); err != nil {
		t.Fatal(err)
	}
	if err := Vacant(filepath.Join(directory, "link")); err == nil {
		t.Error("a symbolic link is ours")
	}
}
