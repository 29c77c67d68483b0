package report_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestRecognize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()

	own := filepath.Join(dir, "own.json")
	if err := report.New().WriteFile(own); err != nil {
		t.Fatal(err)
	}
	if err := report.Recognize(own); err != nil {
		t.Errorf("a report is not recognized: %v", err)
	}

	for name, content := range map[string]string{
		"text":          "dear diary",
		"other JSON":    `{"version": "2.7", "services": {}}`,
		"truncated":     `{"version": "1.0", "pipe`,
		"empty":         "",
		"not an object": `[]`,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := report.Recognize(path); err == nil {
			t.Errorf("%s is taken for a report", name)
		}
	}
	if err := report.Recognize(dir); err == nil {
		t.Error("a directory is taken for a report")
	}
	if err := report.Recognize(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}
