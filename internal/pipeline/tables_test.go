package pipeline_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// A disk that the new machine has to show in another way is told of, also where
// nobody looks into its guest and whatever format it comes in.
func TestRunWarnsOfLargeSectors(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	for name, test := range map[string]struct {
		make func(t *testing.T) string
		kind manifest.SourceType
		want bool
	}{
		"raw": {func(t *testing.T) string { return diskOf4096(t, 8<<20) }, manifest.SourceRaw, true},
		"VMDK": {func(t *testing.T) string {
			path := diskOf4096(t, 8<<20)
			qemuImg(t, "convert", "-f", "raw", "-O", "vmdk", path, path+".vmdk")
			return path + ".vmdk"
		}, manifest.SourceVMDK, true},
		"sectors of 512 bytes": {func(t *testing.T) string { return diskOf(t, 4) }, manifest.SourceRaw, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := conversion(test.make(t), t.TempDir())
			m.Source.Type = test.kind
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			told := false
			for _, warning := range r.Warnings {
				told = told || strings.Contains(warning.Message, "has sectors of 4096 bytes") && strings.Contains(warning.Remedy, "logical_block_size=4096")
			}
			if told != test.want {
				t.Errorf("warnings %+v", r.Warnings)
			}
		})
	}
}

// TestRunWarnsOfAMissingEnd: of images other than raw ones, too, whose length nobody has
// compared with their tables.
func TestRunWarnsOfAMissingEnd(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	for name, test := range map[string]struct {
		lost int64 // bytes
		want bool
	}{"whole": {0, false}, "cut": {1 << 20, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := diskOf(t, 4, 4)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, info.Size()-test.lost); err != nil {
				t.Fatal(err)
			}
			qemuImg(t, "convert", "-f", "raw", "-O", "vmdk", path, path+".vmdk")
			m := conversion(path+".vmdk", t.TempDir())
			m.Source.Type = manifest.SourceVMDK
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			told := slices.ContainsFunc(r.Warnings, func(w report.Message) bool { return strings.Contains(w.Message, "its end is missing") })
			if told != test.want {
				t.Errorf("warnings %+v", r.Warnings)
			}
		})
	}
}
