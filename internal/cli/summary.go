package cli

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// summary is the outcome of a run in a few lines.
func summary(m *manifest.Manifest, r *report.Report, err error) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s", outcome(r, err), spell(r.Pipeline.DurationSeconds))
	if count := r.Summary.TotalWarnings; count == 1 {
		text.WriteString(", with 1 warning")
	} else if count > 1 {
		fmt.Fprintf(&text, ", with %d warnings", count)
	}
	text.WriteByte('\n')
	for _, a := range r.Artifacts {
		kind := strings.ReplaceAll(a.Type, "_", " ")
		fmt.Fprintf(&text, "  %s: %s (%s, %s)\n", kind, printable(a.Path), a.Format, a.SizeHuman)
	}
	if path := m.ReportPath(); m.Options.Report.Enabled && r.WrittenTo(path) {
		fmt.Fprintf(&text, "  report: %s\n", printable(path))
	}
	return text.String()
}

func outcome(r *report.Report, err error) string {
	switch {
	case err == nil && r.Pipeline.Success && r.Pipeline.DryRun:
		return "dry run succeeded, no image was written, in"
	case err == nil && r.Pipeline.Success:
		return "migration succeeded in"
	case r.Pipeline.Cancelled:
		return "migration cancelled after"
	}
	for _, stage := range r.Pipeline.Stages {
		if !stage.Success {
			return "migration failed in " + stage.Name + " after"
		}
	}
	return "migration failed after"
}
