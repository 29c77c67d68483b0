package cli

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/presentation"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// summary is the outcome of a run in a few lines.
func summary(as look, m *manifest.Manifest, r *report.Report, err error) string {
	var text strings.Builder
	paint := as.bad
	if err == nil && r.Pipeline.Success {
		paint = as.good
	}
	became, after := outcome(r, err)
	fmt.Fprintf(&text, "%s %s %s", paint(became), after, presentation.Seconds(r.Pipeline.DurationSeconds))
	if count := r.Summary.TotalWarnings; count == 1 {
		text.WriteString(", with 1 warning")
	} else if count > 1 {
		fmt.Fprintf(&text, ", with %d warnings", count)
	}
	text.WriteByte('\n')
	for _, a := range r.Artifacts {
		kind := strings.ReplaceAll(a.Type, "_", " ")
		fmt.Fprintf(&text, "  %s: %s (%s, %s)\n", kind, presentation.Printable(a.Path), a.Format, a.SizeHuman)
	}
	if line := presentation.BootLine(bootOf(r)); line != "" {
		fmt.Fprintf(&text, "  %s\n", presentation.Printable(line))
	}
	if path := m.ReportPath(); m.Options.Report.Enabled && r.WrittenTo(path) {
		fmt.Fprintf(&text, "  report: %s\n", presentation.Printable(path))
	}
	return text.String()
}

// outcome says how a run ended, and the word before its seconds.
func outcome(r *report.Report, err error) (became, after string) {
	switch {
	case err == nil && r.Pipeline.Success && r.Pipeline.DryRun:
		return "dry run succeeded, no image was written,", "in"
	case err == nil && r.Pipeline.Success:
		return "migration succeeded", "in"
	case r.Pipeline.Cancelled:
		return "migration cancelled", "after"
	}
	for _, stage := range r.Pipeline.Stages {
		if !stage.Success {
			return "migration failed in " + stage.Name, "after"
		}
	}
	return "migration failed", "after"
}

// bootOf is what became of the guest's boot, or nil if it was not booted.
func bootOf(r *report.Report) *report.Boot {
	seen, err := report.ResultOf[report.Validation](r)
	if err != nil {
		return nil
	}
	return seen.Boot
}
