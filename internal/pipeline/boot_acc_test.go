package pipeline_test

import (
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccBootProof migrates a guest twice and has it booted: as it is, which it
// does not survive and of which nothing is published, and fixed.
func TestAccBootProof(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	source := build(t, recipe)
	t.Run("unfixed", func(t *testing.T) {
		t.Parallel()
		m := migration(source, t.TempDir())
		m.Pipeline.Validate.Boot.Enabled = true
		m.Pipeline.Inspect.Enabled, m.Pipeline.Fix.Enabled = false, false
		r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
		if err == nil {
			t.Fatal("the migration of a guest that does not boot succeeded")
		}
		logStages(t, r)
		const why = "ALERT!  /dev/sda1 does not exist.  Dropping to a shell!"
		became := bootOf(t, r)
		if became == nil || became.Verdict != report.BootDead || became.State != string(recipe.Boots) || became.Reason != why {
			t.Fatalf("it became %+v", became)
		}
		if !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "(initramfs)") {
			t.Errorf("the error says %v", err)
		}
		log, screenshot := m.BootPaths()
		checkLeft(t, m, log, screenshot, m.ReportPath())
		if text, err := os.ReadFile(log); err != nil || !strings.Contains(string(text), why) {
			t.Errorf("the log: %v\n%s", err, text)
		}
		if _, err := readPNG(screenshot); err != nil {
			t.Error(err)
		}
	})
	t.Run("fixed", func(t *testing.T) {
		requireFullMatrix(t) // TestAccGuestsBoot shows it of every guest
		t.Parallel()
		m := migration(source, t.TempDir())
		m.Pipeline.Validate.Boot.Enabled = true
		r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
		if err != nil {
			t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
		}
		logStages(t, r)
		became := bootOf(t, r)
		if became == nil || became.Verdict != report.BootBooted || became.Guest == nil || became.Guest.Hostname == "" {
			t.Fatalf("it became %+v", became)
		}
		t.Logf("booted in %.1f s: %+v", became.Seconds, became.Evidence)
		// Its probe speaks, and which of the logins comes before it is chance.
		if !slices.ContainsFunc(became.Evidence, func(e report.BootEvidence) bool { return e.Source == "probe" && e.Seen == "running" }) {
			t.Errorf("the evidence is %+v", became.Evidence)
		}
		log, screenshot := m.BootPaths()
		for _, path := range []string{m.OutputPath(), log, screenshot} {
			if _, err := artifact.ReadRecord(path); err != nil {
				t.Error(err)
			}
		}
		qemuImg(t, "check", m.OutputPath())
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		m := migration(source, t.TempDir())
		m.Pipeline.Validate.Boot.Enabled = true
		m.Pipeline.Inspect.Enabled, m.Pipeline.Fix.Enabled = false, false
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := pipeline.Run(ctx, m, pipeline.Options{Acceleration: "auto", Notify: func(e report.Event) {
			if e.Message == "booting the guest" {
				time.AfterFunc(5*time.Second, func() {
					if !runsOn(t, m.Output.Directory) {
						t.Error("no machine runs")
					}
					cancel()
				})
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		if runsOn(t, m.Output.Directory) {
			t.Error("its machine still runs")
		}
		checkLeft(t, m, m.ReportPath())
	})
}

// checkLeft compares what is in the output directory.
func checkLeft(t *testing.T, m *manifest.Manifest, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(m.Output.Directory)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, filepath.Join(m.Output.Directory, entry.Name()))
	}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("what remains (-want +got):\n%s", diff)
	}
}

// runsOn says whether a program has the directory in its arguments.
func runsOn(t *testing.T, directory string) bool {
	t.Helper()
	programs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Error(err)
	}
	return slices.ContainsFunc(programs, func(program string) bool {
		arguments, err := os.ReadFile(program)
		return err == nil && strings.Contains(string(arguments), directory)
	})
}

func readPNG(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	return png.Decode(file)
}

// bootOf is what became of the guest, whether or not the stage succeeded.
func bootOf(t *testing.T, r *report.Report) *report.Boot {
	t.Helper()
	seen, err := report.ResultOf[report.Validation](r)
	if err != nil {
		t.Fatal(err)
	}
	return seen.Boot
}
