package provider

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const preflightSummary = "Migration would fail on this host"

// foresee says what would fail a migration that ran now; worker.Preflight does.
type foresee func(ctx context.Context, m *manifest.Manifest) ([]report.Problem, error)

// preflight warns at plan of what would fail a migration on this host. It may
// be another host that applies, and the source may be made by then; the
// migration itself makes errors of the same before any work.
func (e *engine) preflight(ctx context.Context, m *manifest.Manifest, unknown unknownPaths, replaces bool) (diags diag.Diagnostics) {
	if !unknown.touch("source.path") && !unknown.touch("output") {
		var problems manifest.Errors
		if errors.As(m.CheckHost(), &problems) {
			for _, problem := range problems {
				diags.AddAttributeWarning(path.Root("source"), preflightSummary, problem.Error()+".")
			}
		}
	}
	for _, problem := range e.problems(ctx, m, unknown, replaces) {
		warnOf(&diags, problem)
	}
	return diags
}

// preflightReplacement does the same for a migration that is to be made again.
// With a source that no host would migrate, the present image must not be
// deleted.
func (e *engine) preflightReplacement(ctx context.Context, m *manifest.Manifest, unknown unknownPaths, deletes bool) (diags diag.Diagnostics) {
	if _, err := os.Stat(m.SourcePath()); errors.Is(err, fs.ErrNotExist) {
		return nil // checkReplacement says more about that
	}
	for _, problem := range e.problems(ctx, m, unknown, true) {
		if !problem.Refused || !deletes {
			warnOf(&diags, problem)
			continue
		}
		diags.AddAttributeError(path.Root("source"), "Source of the replacement cannot be migrated", paragraphs(source(m),
			problem.Message+".", sentence(problem.Remedy),
			"The present image would be deleted first and no new one could be made. Correct the source, or undo the change that makes the replacement necessary."))
	}
	return diags
}

// problems asks about what is known of the migration. The space for the output
// of a replacement cannot be judged: the present image goes first.
func (e *engine) problems(ctx context.Context, m *manifest.Manifest, unknown unknownPaths, replaces bool) []report.Problem {
	known := *m
	if unknown.touch("source") {
		known.Source.Path = ""
	}
	if replaces || unknown.touch("output") {
		known.Output.Directory = ""
	}
	problems, err := e.foresee(ctx, &known)
	if err != nil {
		tflog.Warn(ctx, "What would fail this migration is not known: "+err.Error())
	}
	return problems
}

func warnOf(diags *diag.Diagnostics, problem report.Problem) {
	text := paragraphs(problem.Message+".", sentence(problem.Remedy))
	switch section, name, nested := strings.Cut(problem.Attribute, "."); {
	case section == "":
		diags.AddWarning(preflightSummary, text)
	case nested:
		diags.AddAttributeWarning(path.Root(section).AtName(name), preflightSummary, text)
	default:
		diags.AddAttributeWarning(path.Root(section), preflightSummary, text)
	}
}

// sentence is a remedy as a diagnostic has it. Messages stay as they are: they
// may begin with a file's name.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
