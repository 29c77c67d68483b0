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
	if line := bootLine(r); line != "" {
		fmt.Fprintf(&text, "  %s\n", printable(line))
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

// bootLine is what became of the guest's boot, or empty if it was not booted.
func bootLine(r *report.Report) string {
	seen, err := report.ResultOf[report.Validation](r)
	became := seen.Boot
	if err != nil || became == nil {
		return ""
	}
	if became.Verdict != report.BootBooted {
		return fmt.Sprintf("boot: %s after %.0f s: %s", became.Verdict, became.Seconds, became.Reason)
	}
	line := fmt.Sprintf("booted in %.0f s", became.Seconds)
	if became.Guest != nil {
		return line + ": " + guestLine(*became.Guest)
	}
	var addresses []string
	for _, frames := range became.Frames {
		addresses = append(addresses, frames.Addresses...)
	}
	if len(addresses) > 0 {
		line += ", seen as " + strings.Join(addresses, " ")
	}
	return line
}

// guestLine is what a guest that came up has said of itself.
func guestLine(g report.BootGuest) string {
	var words []string
	if g.Hostname != "" {
		words = append(words, g.Hostname)
	}
	for _, card := range g.Cards {
		if len(card.Addresses) > 0 {
			words = append(words, card.Name+" "+strings.Join(card.Addresses, " "))
		}
	}
	switch {
	case g.Progress == "done": // no systemd
	case len(g.FailedUnits) == 0:
		words = append(words, "no failed units")
	default:
		words = append(words, "failed: "+strings.Join(g.FailedUnits, " "))
	}
	return strings.Join(words, ", ")
}
