package report_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()

	own := filepath.Join(dir, "own.json")
	encoded, err := report.New().Indented()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := report.Read(own); err != nil || r.Version != report.Version {
		t.Errorf("a report is not recognized: %+v, %v", r, err)
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
		if _, err := report.Read(path); err == nil {
			t.Errorf("%s is taken for a report", name)
		}
	}
	if _, err := report.Read(dir); err == nil {
		t.Error("a directory is taken for a report")
	}
	if _, err := report.Read(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestStandingArtifact(t *testing.T) {
	t.Parallel()
	image := filepath.Join(t.TempDir(), "disk.qcow2")
	r := report.New()
	r.AddArtifact(report.Artifact{Path: image + ".gone"})
	r.AddArtifact(report.Artifact{Path: image})
	if got := r.StandingArtifact(); got != "" {
		t.Errorf("%s does not exist", got)
	}
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := r.StandingArtifact(image); got != "" {
		t.Errorf("%s stands, which does not count", got)
	}
	if got := r.StandingArtifact(); got != image {
		t.Errorf("%q is found instead of %s", got, image)
	}
}
