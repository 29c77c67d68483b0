package provider

import (
	"context"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// ModifyPlan plans the computed attributes: for a new migration the paths that
// follow from its configuration, so that what uses them (a libvirt domain, say)
// is planned with its real values, and for an existing one what it has. What
// can be said before anything is done is said here.
func (r *migrationResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	switch {
	case req.Plan.Raw.IsNull():
		r.planDestroy(ctx, req, resp)
	case req.State.Raw.IsNull():
		r.planCreate(ctx, req, resp)
	default:
		r.planChange(ctx, req, resp)
	}
}

func (r *migrationResource) planCreate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan migrationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, diags := plan.createTimeout(ctx)
	resp.Diagnostics.Append(diags...)
	read, diags := readMigration(ctx, req.Plan.Raw)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	paths := plannedPaths(read.manifest, read.unknown)
	// A replacement was planned before with the state, and comes with its
	// private part.
	identity, diags := r.engine.recallIdentity(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	protected := false
	resp.Diagnostics.Append(recall(ctx, req.Private, protectedKey, &protected)...)
	if protected {
		protectedError(&resp.Diagnostics, "Replacing this resource")
		return
	}
	resp.Diagnostics.Append(r.engine.registerPaths(paths, identity.RunID)...)
	old := replacedFiles{deletes: plan.OnDestroy.ValueString() != onDestroyKeep, overwrites: plan.Overwrite.ValueBool()}
	if identity.RunID != "" && !paths.id.IsUnknown() {
		old.find(identity, filesOf(paths.id.ValueString(), identity.RunID)...)
	}
	resp.Diagnostics.Append(r.engine.preflight(ctx, read.manifest, read.unknown, old)...)
	plan.planComputed(paths)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

// name is of the image that there is. Terraform folds warnings of the same summary, and
// a plan of many machines has to show them all.
func (m *migrationModel) name() string { return filepath.Base(m.ID.ValueString()) }

// planComputed plans what a migration will leave in state.
func (m *migrationModel) planComputed(paths resultPaths) {
	m.ID, m.OutputPath, m.ReportPath = paths.id, paths.output, paths.report
	m.SourceFingerprint = types.StringUnknown()
	m.Report = types.ObjectUnknown(m.Report.AttributeTypes(context.Background()))
	m.Guest = types.ObjectUnknown(m.Guest.AttributeTypes(context.Background()))
	m.Machine = types.ObjectUnknown(m.Machine.AttributeTypes(context.Background()))
	m.Concerns = types.ListUnknown(concernType())
	m.Boot = types.ObjectUnknown(m.Boot.AttributeTypes(context.Background()))
	m.Artifacts = types.ListUnknown(imageType())
}

// copyComputed takes all that a migration leaves in state from another model.
func (m *migrationModel) copyComputed(from *migrationModel) {
	m.ID, m.OutputPath, m.ReportPath = from.ID, from.OutputPath, from.ReportPath
	m.SourceFingerprint = from.SourceFingerprint
	m.Report, m.Artifacts, m.Guest = from.Report, from.Artifacts, from.Guest
	m.Machine, m.Concerns, m.Boot = from.Machine, from.Concerns, from.Boot
}

// resultPaths are the computed paths of a migration.
type resultPaths struct{ id, output, report types.String }

// plannedPaths says where the migration of m will put its files, as far as the
// known part of it decides that.
func plannedPaths(m *manifest.Manifest, unknown manifest.Unknown) resultPaths {
	paths := resultPaths{id: types.StringUnknown(), output: types.StringUnknown(), report: types.StringUnknown()}
	touched := func(attributes ...string) bool {
		for _, attribute := range attributes {
			if unknown.Touch(attribute) {
				return true
			}
		}
		return false
	}
	switch {
	case m.Options.DryRun && !touched("options.dry_run"):
		paths.output = types.StringNull()
	case touched("options.dry_run", "pipeline.convert.enabled", "pipeline.fix.enabled"):
	case imagePath(m) == "":
		paths.output = types.StringNull()
	case !touched("source.path", "output"):
		paths.output = types.StringValue(imagePath(m))
	}
	switch {
	case touched("options.report.enabled"):
	case !m.Options.Report.Enabled:
		paths.report = types.StringNull()
	case !touched("options.report.path", "output.directory"):
		paths.report = types.StringValue(m.ReportPath())
	}
	switch {
	case !paths.output.IsNull():
		paths.id = paths.output
	case !paths.report.IsNull():
		paths.id = paths.report
	case !touched("output.directory"):
		paths.id = types.StringValue(m.OutputDirectory())
	}
	return paths
}

// imagePath is the path of the image that m makes, or "" if it makes none.
func imagePath(m *manifest.Manifest) string {
	switch {
	case m.Options.DryRun:
		return ""
	case m.Pipeline.Convert.Enabled:
		return m.OutputPath()
	case m.Pipeline.Fix.Enabled:
		return m.FixedOverlayPath()
	default:
		return ""
	}
}
