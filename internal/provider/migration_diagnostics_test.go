package provider

import (
	"os"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Terraform shows but the first of warnings with one summary.
func TestWarningsHaveSummariesOfTheirOwn(t *testing.T) {
	t.Parallel()
	m := &manifest.Manifest{Source: manifest.Source{Path: "web.vmdk"}, Options: manifest.DefaultOptions()}
	rep := report.New()
	rep.Warn(report.StageFix, "sudo is not installed", "install it")
	rep.Warn(report.StageFix, strings.Repeat("é", 300)+"\nand more", "")
	rep.Warn(report.StageConvert, "the disk is large", "")
	rep.Pipeline.Success = true
	diags := outcome(m, rep, nil)
	if len(diags) != 3 {
		t.Fatalf("%d diagnostics", len(diags))
	}
	if got, want := diags[0].Summary(), "Migration warning in stage fix: sudo is not installed"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	// The detail has what the summary lacks.
	for n, want := range []string{"web.vmdk:\n\ninstall it", "web.vmdk:\n\n" + strings.Repeat("é", 300) + "\nand more.", "This is of the migration web.vmdk."} {
		if detail := diags[n].Detail(); detail != want {
			t.Errorf("detail %q, want %q", detail, want)
		}
	}
	if got, want := diags[1].Summary(), "Migration warning in stage fix: "+strings.Repeat("é", 157)+"..."; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}

// What stands at the report's path may be the report of another run.
func TestErrorsNameTheReportOfTheirRun(t *testing.T) {
	t.Parallel()
	m := &manifest.Manifest{Output: manifest.Output{Directory: t.TempDir()}, Options: manifest.DefaultOptions()}
	rep := report.New()
	rep.Fail(report.StageConvert, "no space left", "")
	named := func() bool { return strings.Contains(outcome(m, rep, nil)[0].Detail(), m.ReportPath()) }
	if named() {
		t.Error("a report that was not written is named")
	}
	encoded, err := rep.Indented()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.ReportPath(), encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	if !named() {
		t.Error("the report is not named")
	}
}
