package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestRunWithoutAppliance: stages that need the appliance fail before any work
// where it cannot run, and a conversion does not ask for it.
func TestRunWithoutAppliance(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	for name, test := range map[string]struct {
		inspect, fix bool
		want         string
	}{
		"inspect":    {inspect: true, want: "pipeline.inspect: no library; no kernel"},
		"fix":        {fix: true, want: "pipeline.fix: no library; no kernel"},
		"both":       {inspect: true, fix: true, want: "pipeline.inspect and pipeline.fix: no library; no kernel"},
		"conversion": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, directory := filepath.Join(t.TempDir(), "disk.raw"), t.TempDir()
			if err := os.WriteFile(source, make([]byte, 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			m := &manifest.Manifest{
				Version: manifest.Version, Source: manifest.NewSource(manifest.SourceRaw, source),
				Output:   manifest.Output{Directory: directory, Format: manifest.FormatQCOW2},
				Pipeline: manifest.DefaultPipeline(), Options: manifest.DefaultOptions(),
			}
			m.Pipeline.Inspect.Enabled, m.Pipeline.Fix.Enabled = test.inspect, test.fix
			j := newJob(m, Options{})
			j.host.check = func(context.Context, appliance.Acceleration) []error {
				return []error{remedy.With(errors.New("no library"), "install libguestfs0"), errors.New("no kernel")}
			}
			result, err := j.run(t.Context())
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || err.Error() != test.want || stageOf(err, "") != report.StageLoadManifest {
				t.Errorf("error %q in stage %s, want %q", err, stageOf(err, ""), test.want)
			}
			if len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Remedy, "install libguestfs0; or switch") {
				t.Errorf("the report has %+v", result.Errors)
			}
			entries, err := os.ReadDir(directory)
			if err != nil || len(entries) != 1 || entries[0].Name() != "report.json" {
				t.Errorf("left %v (%v)", entries, err)
			}
		})
	}
}
