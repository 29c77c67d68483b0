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

// TestSpaceIsMeasuredWhereItMatters has a disk that cannot be measured.
func TestSpaceIsMeasuredWhereItMatters(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	m := &manifest.Manifest{
		Output:   manifest.Output{Directory: t.TempDir(), Format: manifest.FormatQCOW2},
		Pipeline: manifest.DefaultPipeline(),
	}
	missing := qemuimg.Image{Path: filepath.Join(t.TempDir(), "missing.img"), Format: "raw"}
	for name, test := range map[string]struct {
		size, free int64
		measured   bool
	}{
		"it fits whatever it holds": {size: 1 << 30, free: 2 << 30},
		"its tables may not fit":    {size: 1 << 30, free: 1<<30 + 64<<20, measured: true},
		"its size is not known":     {free: 1 << 40, measured: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := capacity{manifest: m, free: func(string) (int64, error) { return test.free, nil }}
			err := c.check(t.Context(), []sized{{missing, test.size}})
			if measured := err != nil && strings.Contains(err.Error(), "measuring"); measured != test.measured || err != nil && !measured {
				t.Errorf("error %v, want measured %v", err, test.measured)
			}
		})
	}
}

// TestMostOf compares the bound with what QEMU says of images that are filled.
func TestMostOf(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	for _, size := range []int64{1 << 20, 5 << 30} {
		disk := filepath.Join(t.TempDir(), "disk.img")
		if err := os.WriteFile(disk, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(disk, size); err != nil {
			t.Fatal(err)
		}
		image := qemuimg.Image{Path: disk, Format: "raw"}
		most, known := mostOf([]sized{{image, size}})
		if !known {
			t.Fatal("its size is known")
		}
		for _, cluster := range []int{512, 64 << 10, 2 << 20} {
			full, err := qemuimg.Measure(t.Context(), image, "qcow2", qemuimg.Layout{Preallocation: "full", ClusterSize: cluster})
			if err != nil || full < size || full > most {
				t.Errorf("%d bytes in clusters of %d: up to %d are foreseen, QEMU takes %d (%v)", size, cluster, most, full, err)
			}
		}
	}
}
