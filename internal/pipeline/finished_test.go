package pipeline_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
)

// TestFinished asks again after a run, each time with something changed since.
func TestFinished(t *testing.T) {
	t.Parallel()
	appended := func(t *testing.T, path string) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.WriteString("more")
		if closeErr := file.Close(); err != nil || closeErr != nil {
			t.Fatal(err, closeErr)
		}
	}
	for name, test := range map[string]struct {
		change   func(t *testing.T, m *manifest.Manifest, image string)
		finished bool
	}{
		"nothing": {func(*testing.T, *manifest.Manifest, string) {}, true},
		"a machine wrote to the image": {func(t *testing.T, _ *manifest.Manifest, image string) {
			t.Helper()
			appended(t, image)
		}, true},
		"the image is gone": {func(t *testing.T, _ *manifest.Manifest, image string) {
			t.Helper()
			if err := os.Remove(image); err != nil {
				t.Fatal(err)
			}
		}, false},
		"another file is in its place": {func(t *testing.T, _ *manifest.Manifest, image string) {
			t.Helper()
			if err := os.Rename(image, image+".old"); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(image, []byte("another"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, false},
		"the record is gone": {func(t *testing.T, _ *manifest.Manifest, image string) {
			t.Helper()
			if err := os.Remove(artifact.RecordPath(image)); err != nil {
				t.Fatal(err)
			}
		}, false},
		"the run died before it made the image final": {func(t *testing.T, _ *manifest.Manifest, image string) {
			t.Helper()
			record, err := artifact.ReadRecord(image)
			if err != nil {
				t.Fatal(err)
			}
			// A journal that cannot be read may name the image.
			if err := os.MkdirAll(filepath.Join(filepath.Dir(image), ".hyper2kvm-"+record.RunID, "journal"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, false},
		"the source is another": {func(t *testing.T, m *manifest.Manifest, _ string) {
			t.Helper()
			then := time.Now().Add(-time.Hour)
			if err := os.Chtimes(m.Source.Path, then, then); err != nil {
				t.Fatal(err)
			}
		}, false},
		"the manifest asks for something else": {func(_ *testing.T, m *manifest.Manifest, _ string) {
			m.Pipeline.Convert.Compress = true
		}, false},
		"the manifest makes no image": {func(_ *testing.T, m *manifest.Manifest, _ string) {
			m.Options.DryRun = true
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := conversion(smallVMDK(t), t.TempDir())
			if images := pipeline.Finished(m); len(images) > 0 {
				t.Fatalf("before the run it finds %q", images)
			}
			if _, err := pipeline.Run(t.Context(), m, pipeline.Options{HostID: "another-host"}); err != nil {
				t.Fatal(err)
			}
			image := m.OutputPath()
			test.change(t, m, image)
			var want []string
			if test.finished {
				want = []string{image}
			}
			if images := pipeline.Finished(m); !slices.Equal(images, want) {
				t.Errorf("found %q, want %q", images, want)
			}
		})
	}
}
