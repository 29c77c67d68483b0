package provider

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// preflightCheck says what would fail a migration that ran now and after the freed
// files were deleted; worker.Preflight does.
type preflightCheck func(ctx context.Context, m *manifest.Manifest, freed ...string) ([]report.Problem, error)

// preflight says at plan what would fail a migration on this host, old being
// what it replaces. These are warnings: it may be another host that applies, and
// the source may be made by then; the migration itself makes errors of the same
// before any work. Where that would be too late for the image that is there, they
// are errors.
func (e *engine) preflight(ctx context.Context, m *manifest.Manifest, unknown manifest.Unknown, old replacedFiles) (diags diag.Diagnostics) {
	for _, problem := range e.problems(ctx, m, unknown, old) {
		tell(&diags, problem, old)
	}
	return diags
}

// problems asks about what is known of the migration.
func (e *engine) problems(ctx context.Context, m *manifest.Manifest, unknown manifest.Unknown, old replacedFiles) []report.Problem {
	var problems []report.Problem
	var wrong manifest.Errors
	errors.As(m.CheckHost(unknown...), &wrong)
	for _, one := range wrong {
		problems = append(problems, report.Problem{Attribute: "source", Message: one.Error()})
	}
	known := *m
	if unknown.Touch("source") {
		known.Source.Path = ""
	}
	if unknown.Touch("output") {
		known.Output.Directory = ""
	}
	found, err := e.preflightCheck(ctx, &known, old.freed()...)
	if err != nil {
		tflog.Warn(ctx, "What would fail this migration is not known: "+err.Error())
	}
	return append(problems, found...)
}

// tell adds a diagnostic of the problem. Terraform folds warnings of the same
// summary into one, so that each gets its own.
func tell(diags *diag.Diagnostics, problem report.Problem, old replacedFiles) {
	may := "would"
	if problem.Uncertain {
		may = "may"
	}
	summary := "Migration " + may + " fail on this host: " + shortened(problem.Message)
	text := paragraphs(beyond(problem.Message), cmp.Or(sentence(problem.Remedy), otherwise(problem)))
	at := path.Empty()
	if section, name, nested := strings.Cut(problem.Attribute, "."); nested {
		at = path.Root(section).AtName(name)
	} else if section != "" {
		at = path.Root(section)
	}
	add, addAt := diags.AddWarning, diags.AddAttributeWarning
	switch images := strings.Join(old.here, ", "); {
	case !old.lost():
	case !problem.Uncertain && !old.overwrites:
		add, addAt = diags.AddError, diags.AddAttributeError
		summary = "Replacement would delete the image and then fail: " + shortened(problem.Message)
		text = paragraphs("The replacement would first delete "+images+", and the new migration would then fail on this host:", problem.Message+".", sentence(problem.Remedy),
			"Correct that, or undo the change that makes the replacement necessary. If it will be right by then, as with a source that another "+
				"resource makes in the same apply, set overwrite = true together with create_before_destroy: the image is then exchanged in "+
				"one step, stays if the migration fails, and this is only a warning.")
	default:
		text = paragraphs(text, "Without create_before_destroy and overwrite = true, the replacement first deletes "+images+".")
	}
	if len(at.Steps()) == 0 {
		add(summary, text)
		return
	}
	addAt(at, summary, text)
}

// otherwise is what a person should know of a problem that has no remedy.
func otherwise(problem report.Problem) string {
	if problem.Uncertain {
		return "The migration judges that again, and fails then if it must."
	}
	return "Put that right before you apply: the migration makes an error of it before any work."
}
