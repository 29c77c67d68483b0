package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// preflightCheck says what is known of a migration that ran now; worker.Preflight does.
type preflightCheck func(ctx context.Context, about manifest.Question) (report.Foreseen, error)

// preflight says at plan what would fail a migration on this host, old being
// what it replaces, and what its guest gives cause for. These are warnings: it may
// be another host that applies, and the source may be made by then; the migration
// itself makes errors of what would fail it before any work. Where that would be
// too late for the image that is there, they are errors.
func (e *engine) preflight(ctx context.Context, m *manifest.Manifest, unknown manifest.Unknown, old replacedFiles) (diags diag.Diagnostics) {
	foreseen := e.foresee(ctx, m, unknown, old)
	root := migrationSchema(ctx).Type()
	for _, problem := range foreseen.Problems {
		tell(&diags, attributePath(root, problem.Attribute), problem, old)
	}
	warnOfReplaced(&diags, foreseen.Replaced)
	warnOfGuest(&diags, m, foreseen)
	return diags
}

// foresee asks about what is known of the migration.
func (e *engine) foresee(ctx context.Context, m *manifest.Manifest, unknown manifest.Unknown, old replacedFiles) report.Foreseen {
	if !unknown.Touch(virtioWinAttribute) {
		m = e.complete(m)
	}
	var problems []report.Problem
	var wrong manifest.Errors
	errors.As(m.CheckHost(unknown...), &wrong)
	for _, one := range wrong {
		problems = append(problems, report.Problem{Attribute: one.Path, Message: one.Error()})
	}
	known := *m
	if unknown.Touch("source") {
		known.Source.Path = ""
	}
	if unknown.Touch("output") {
		known.Output.Directory = ""
	}
	found, err := e.preflightCheck(ctx, manifest.Question{Manifest: &known, Freed: old.freed(), Unplaced: unknown.Unplaced() || unknown.Touch(overwriteAttribute)})
	switch {
	case err != nil:
		tflog.Warn(ctx, "What would fail this migration is not known: "+err.Error())
	case found.Guest != "":
		tflog.Info(ctx, "The guest of "+m.Source.Path+" is "+found.Guest)
	case found.Unread != "":
		tflog.Info(ctx, "The guest of "+m.Source.Path+" was not looked into: "+found.Unread)
	}
	found.Problems = append(problems, found.Problems...)
	return found
}

// warnOfReplaced lists the files that the migration replaces because of overwrite, and
// that are not those of the migration which it replaces.
func warnOfReplaced(diags *diag.Diagnostics, files []string) {
	if len(files) == 0 {
		return
	}
	var lines []string
	for _, file := range files {
		made := "which no migration made"
		if record, err := artifact.ReadRecord(file); err == nil {
			made = fmt.Sprintf("which a migration made on %s (run %s)", record.Created.UTC().Format("2006-01-02 15:04 MST"), record.RunID)
		}
		lines = append(lines, "  - "+file+", "+made)
	}
	diags.AddAttributeWarning(path.Root(overwriteAttribute), "Migration replaces existing files: "+filepath.Base(files[0]), paragraphs(
		"overwrite is true, and these files are there now:\n"+strings.Join(lines, "\n"),
		"If they are to stay, give another output.filename or output.directory, or set overwrite = false."))
}

// warnOfGuest tells the concerns of a migration in one warning, what is critical
// first. Information is none.
func warnOfGuest(diags *diag.Diagnostics, m *manifest.Manifest, foreseen report.Foreseen) {
	var texts []string
	for _, category := range []report.Category{report.Critical, report.Warned} {
		for _, concern := range foreseen.Concerns {
			if concern.Category == category {
				texts = append(texts, fmt.Sprintf("- %s: %s. %s", category, strings.TrimSuffix(concern.Assessment, "."), sentence(concern.Remedy)))
			}
		}
	}
	if len(texts) == 0 {
		return
	}
	if foreseen.Omitted > 0 {
		texts = append(texts, fmt.Sprintf("- and %d more, none of which weighs more than these", foreseen.Omitted))
	}
	summary := "Concerns about the guest in " + m.Source.Path
	if foreseen.Guest == "" {
		summary = "Concerns about " + m.Source.Path
	}
	text := paragraphs(foreseen.Guest, strings.Join(texts, "\n"),
		"This is what its disks and the description of the old machine tell at plan. What the migration finds is in its concerns.")
	diags.AddAttributeWarning(path.Root("source"), shortened(summary), text)
}

// tell adds a diagnostic of the problem at an attribute. Terraform folds warnings of the same
// summary into one, so that each gets its own.
func tell(diags *diag.Diagnostics, at path.Path, problem report.Problem, old replacedFiles) {
	may := "would"
	if problem.Uncertain {
		may = "may"
	}
	summary := "Migration " + may + " fail on this host: " + shortened(problem.Message)
	text := paragraphs(beyond(problem.Message), cmp.Or(sentence(problem.Remedy), otherwise(problem)))
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
