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
		"inspect":    {inspect: true, want: "pipeline.inspect: no library; pipeline.inspect: no kernel; pipeline.inspect: no space"},
		"fix":        {fix: true, want: "pipeline.fix: no library; pipeline.fix: no kernel; pipeline.fix: no space"},
		"both":       {inspect: true, fix: true, want: "pipeline.inspect and pipeline.fix: no library; pipeline.inspect and pipeline.fix: no kernel; pipeline.inspect and pipeline.fix: no space"},
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
				return []error{remedy.With(errors.New("no library"), "install libguestfs0"), remedy.With(errors.New("no kernel"), "install a kernel"), errors.New("no space")}
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
			// Each with what to do about it.
			told := make([]string, len(result.Errors))
			for n, one := range result.Errors {
				told[n] = one.Message + " -> " + one.Remedy
			}
			if len(told) != 3 || !strings.HasSuffix(told[0], "no library -> install libguestfs0") ||
				!strings.HasSuffix(told[1], "no kernel -> install a kernel") ||
				!strings.HasSuffix(told[2], "no space -> switch these stages off to convert without them") {
				t.Errorf("the report has %q", told)
			}
			entries, err := os.ReadDir(directory)
			if err != nil || len(entries) != 1 || entries[0].Name() != "report.json" {
				t.Errorf("left %v (%v)", entries, err)
			}
		})
	}
}
