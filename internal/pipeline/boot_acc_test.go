package pipeline_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccBootProof migrates a guest twice and has it booted: as it is, which it
// does not survive and of which nothing is published, and fixed.
func TestAccBootProof(t *testing.T) {
	requireAcceptance(t)
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	source := build(t, recipe)
	t.Run("unfixed", func(t *testing.T) {
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
		left, err := filepath.Glob(filepath.Join(m.Output.Directory, "*"))
		if err != nil || len(left) != 1 || left[0] != m.ReportPath() {
			t.Errorf("what remains is %q, %v", left, err)
		}
	})
	t.Run("fixed", func(t *testing.T) {
		m := migration(source, t.TempDir())
		m.Pipeline.Validate.Boot.Enabled = true
		r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
		if err != nil {
			t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
		}
		logStages(t, r)
		became := bootOf(t, r)
		if became == nil || became.Verdict != report.BootBooted || became.State != string(testguest.StateLogin) {
			t.Fatalf("it became %+v", became)
		}
		t.Logf("booted in %.1f s: %+v", became.Seconds, became.Evidence)
		if !slices.ContainsFunc(became.Evidence, func(e report.BootEvidence) bool { return e.Source == "console" && e.Seen == "login" }) {
			t.Errorf("the evidence is %+v", became.Evidence)
		}
		if _, err := os.Stat(m.OutputPath()); errors.Is(err, fs.ErrNotExist) {
			t.Error("nothing was published")
		}
	})
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
