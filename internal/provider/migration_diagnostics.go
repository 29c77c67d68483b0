package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// timeoutError is why a migration that took too long was cancelled.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("it took longer than %s", e.after) }

// outcome turns the end of a run into diagnostics: warnings of the pipeline
// into warnings, and whatever stopped it into errors that name the stage, the
// cause and the remedy. err is the worker's; rep may be nil.
func outcome(m *manifest.Manifest, rep *report.Report, err error) (diags diag.Diagnostics) {
	if rep != nil {
		for _, warning := range rep.Warnings {
			// Terraform shows but the first of several warnings with one summary.
			diags.AddWarning("Migration warning in stage "+warning.Stage+": "+shortened(warning.Message), warningDetail(m, warning))
		}
	}
	var timeout *timeoutError
	switch {
	case errors.As(err, &timeout):
		diags.AddError("Migration timed out", paragraphs(source(m),
			fmt.Sprintf("The migration took longer than %s and was cancelled%s. %s", timeout.after, stageReached(rep), nothingRemains(m, rep)),
			"Allow more time with timeouts = { create = \"...\" }."))
	case errors.Is(err, context.Canceled):
		diags.AddError("Migration cancelled", paragraphs(source(m),
			fmt.Sprintf("The migration was cancelled%s. %s", stageReached(rep), nothingRemains(m, rep))))
	case err != nil:
		diags.AddError("Unable to migrate disk image", paragraphs(source(m), err.Error()))
	case rep.Pipeline.Success:
	case len(rep.Errors) == 0:
		diags.AddError("Unable to migrate disk image", paragraphs(source(m), "The migration failed and its report does not say why.", reportHint(m, rep)))
	default:
		for _, failure := range rep.Errors {
			diags.AddError(fmt.Sprintf("Unable to migrate disk image: stage %s failed", failure.Stage),
				paragraphs(source(m), failure.Message, failure.Remedy, reportHint(m, rep)))
		}
	}
	return diags
}

// warningDetail says what the summary does not.
func warningDetail(m *manifest.Manifest, warning report.Message) string {
	if more := paragraphs(beyond(warning.Message), warning.Remedy); more != "" {
		return paragraphs(source(m), more)
	}
	return "This is of the migration " + strings.TrimSuffix(source(m), ":") + "."
}

// source names the migration: diagnostics of several run together in one apply.
func source(m *manifest.Manifest) string {
	if m.Metadata != nil && m.Metadata.Name != "" {
		return fmt.Sprintf("%s (%s):", m.Metadata.Name, m.Source.Path)
	}
	return m.Source.Path + ":"
}

// stageReached is " in stage fix", or nothing if that is not known.
func stageReached(rep *report.Report) string {
	if rep == nil || len(rep.Pipeline.Stages) == 0 {
		return ""
	}
	return " in stage " + rep.Pipeline.Stages[len(rep.Pipeline.Stages)-1].Name
}

func nothingRemains(m *manifest.Manifest, rep *report.Report) string {
	switch {
	case rep == nil:
		return "The next migration into the same directory removes what it may have left."
	case leftFiles(rep):
		return "What it published could not be removed."
	case m.Options.Report.Enabled && rep.WrittenTo(m.ReportPath()):
		return "Nothing of it remains but the report " + m.ReportPath() + "."
	default:
		return "Nothing of it remains."
	}
}

// reportHint names the report, if it was written: what stands there may be that
// of another run.
func reportHint(m *manifest.Manifest, rep *report.Report) string {
	if !m.Options.Report.Enabled || !rep.WrittenTo(m.ReportPath()) {
		return ""
	}
	return "Details are in the report " + m.ReportPath() + "."
}
