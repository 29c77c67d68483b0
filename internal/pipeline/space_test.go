package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// TestEstimateSpace judges two disks of 4 MiB, both full of data.
func TestEstimateSpace(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, []byte(strings.Repeat("x", 4<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		free    int64
		edit    func(*manifest.Manifest)
		err     string
		warning string
	}{
		"enough":                      {free: 1 << 30},
		"too little as it is":         {free: 5 << 20, warning: "may not suffice: up to 8."},
		"too little, nothing trimmed": {free: 5 << 20, edit: func(m *manifest.Manifest) { m.Pipeline.Inspect.Enabled, m.Pipeline.Fix.Enabled = false, false }, err: "insufficient disk space"},
		"enough for one, not for two": {free: 7 << 20, edit: func(m *manifest.Manifest) { m.Pipeline.Inspect.Enabled, m.Pipeline.Fix.Enabled = false, false }, err: "7.00 MiB are free"},
		"compressed":                  {free: 1, edit: func(m *manifest.Manifest) { m.Pipeline.Convert.Compress = true }},
		"nothing converted":           {free: 1, edit: func(m *manifest.Manifest) { m.Pipeline.Convert.Enabled = false }},
		"dry run":                     {free: 1, edit: func(m *manifest.Manifest) { m.Options.DryRun = true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &manifest.Manifest{
				Output:   manifest.Output{Directory: t.TempDir(), Format: manifest.FormatQCOW2},
				Pipeline: manifest.DefaultPipeline(),
			}
			if test.edit != nil {
				test.edit(m)
			}
			image := source.Disk{Image: qemuimg.Image{Path: disk, Format: "raw"}}
			j := newJob(m, Options{})
			j.host.freeSpace = func(string) (int64, error) { return test.free, nil }
			err := estimateSpace(t.Context(), j, []source.Disk{image, image})
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if err != nil && remedy.Of(err) == "" {
				t.Error("no remedy")
			}
			warnings := ""
			for _, w := range j.say.report.Warnings {
				warnings += w.Message
			}
			if test.warning == "" && warnings != "" || !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings %q, want %q", warnings, test.warning)
			}
		})
	}
}
