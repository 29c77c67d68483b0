package pipeline

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func requireQEMUImg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("needs qemu-img (Debian: qemu-utils)")
	}
}

// What a host lacks fails the run in load_manifest, with a remedy, and is what
// Preflight has said before.
func TestRunWithoutTools(t *testing.T) {
	requireQEMUImg(t)
	for name, test := range map[string]struct {
		options Options
		path    string
		want    string
	}{
		"no qemu-img":       {path: t.TempDir(), want: "qemu-img"},
		"no work directory": {options: Options{WorkDirectory: filepath.Join(t.TempDir(), "absent")}, path: os.Getenv("PATH"), want: "work directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", test.path)
			source, directory := filepath.Join(t.TempDir(), "disk.raw"), t.TempDir()
			if err := os.WriteFile(source, make([]byte, 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			m := &manifest.Manifest{
				Version: manifest.Version, Source: manifest.NewSource(manifest.SourceRaw, source),
				Output:   manifest.Output{Directory: directory, Format: manifest.FormatQCOW2},
				Pipeline: manifest.DefaultPipeline(), Options: manifest.DefaultOptions(),
			}
			withoutGuest(m)
			if foreseen := Preflight(t.Context(), m, test.options).Problems; len(foreseen) != 1 || !strings.Contains(foreseen[0].Message, test.want) || foreseen[0].Remedy == "" {
				t.Errorf("foreseen: %+v", foreseen)
			}
			result, err := Run(t.Context(), m, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) || stageOf(err, "") != report.StageLoadManifest {
				t.Fatalf("error %v in stage %s", err, stageOf(err, ""))
			}
			if len(result.Errors) != 1 || result.Errors[0].Remedy == "" {
				t.Errorf("the report has %+v", result.Errors)
			}
		})
	}
}

// TestRunWithoutAnything: one run says all that its host lacks.
func TestRunWithoutAnything(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	source, directory := filepath.Join(t.TempDir(), "disk.raw"), t.TempDir()
	if err := os.WriteFile(source, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{
		Version: manifest.Version, Source: manifest.NewSource(manifest.SourceRaw, source),
		Output:   manifest.Output{Directory: directory, Format: manifest.FormatQCOW2},
		Pipeline: manifest.DefaultPipeline(), Options: manifest.DefaultOptions(),
	}
	j := newJob(m, Options{WorkDirectory: filepath.Join(t.TempDir(), "absent")})
	j.host.check = func(context.Context, appliance.Acceleration) []error {
		return []error{remedy.With(errors.New("no library"), "install it"), remedy.With(errors.New("no space"), "set TMPDIR")}
	}
	result, err := j.run(t.Context())
	if err == nil || len(result.Errors) != 4 {
		t.Fatalf("error %v, in the report %+v", err, result.Errors)
	}
	for n, want := range []struct{ message, remedy string }{ // each beside what to do about it
		{"qemu-img", "qemu-utils"}, {"work directory", "set no work directory"}, {"no library", "install it"}, {"no space", "set TMPDIR; or switch"},
	} {
		told := result.Errors[n]
		if !strings.Contains(told.Message, want.message) || !strings.Contains(told.Remedy, want.remedy) || !strings.Contains(err.Error(), told.Message) {
			t.Errorf("%q with %q, want %+v", told.Message, told.Remedy, want)
		}
	}
}
