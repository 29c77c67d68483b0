package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// ImportState takes over a migration by the path of its image, or of its report
// if it made no image. The ownership record beside the file tells the rest.
func (r *migrationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name := req.ID
	var identity identityModel
	if name == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		name = identity.Path.ValueString()
	}
	file, err := filepath.Abs(name)
	if name == "" || err != nil {
		resp.Diagnostics.AddError("Unable to import migration", "Give the path of the migrated image as the id.")
		return
	}
	record, origin, diags := readOrigin(file)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if host := identity.HostID.ValueString(); host != "" && host != record.HostID {
		resp.Diagnostics.AddError("Unable to import migration", fmt.Sprintf(
			"%s was migrated on the host %q, not on %q. Import it by its path alone if that is right.", file, record.HostID, host))
		return
	}
	var m manifest.Manifest
	if err := json.Unmarshal(origin.Manifest, &m); err != nil {
		resp.Diagnostics.AddError("Unable to import migration", fmt.Sprintf("The manifest in the ownership record of %s is damaged: %v.", file, err))
		return
	}
	model, diags := importedModel(ctx, &m, origin, record.RunID)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if model.ID.ValueString() != file {
		resp.Diagnostics.AddError("Unable to import migration", fmt.Sprintf(
			"%s belongs to the migration of %s. Import it by that path.", file, model.ID.ValueString()))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	resp.Diagnostics.Append(remember(ctx, resp.Private, identityKey, identityAt(file, record))...)
	resp.Diagnostics.Append(remember(ctx, resp.Private, sourceKey, origin.Source)...)
	resp.Diagnostics.Append(remember(ctx, resp.Private, importedKey, true)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identityModel{Path: model.ID, HostID: types.StringPointerValue(orNull(record.HostID))})...)
}

// readOrigin reads the ownership record of a file that is to be imported.
func readOrigin(file string) (*artifact.Record, *report.Origin, diag.Diagnostics) {
	var diags diag.Diagnostics
	const summary = "Unable to import migration"
	record, err := artifact.ReadRecord(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		diags.AddError(summary, fmt.Sprintf("There is no ownership record %s. Only files that a migration made, with their records beside them, "+
			"can be imported.", artifact.RecordPath(file)))
		return nil, nil, diags
	case err != nil:
		diags.AddError(summary, err.Error())
		return nil, nil, diags
	}
	if status := artifact.Check(file, record.Identity()); status.State != artifact.StateOwned && status.State != artifact.StateChanged {
		diags.AddError(summary, status.Reason+".")
		return nil, nil, diags
	}
	if artifact.Unfinished(file, record) {
		diags.AddError(summary, fmt.Sprintf("The migration that made %s (run %s) goes on, or was killed before it was done. "+
			"In the latter case the next migration into that directory removes the image.", file, record.RunID))
		return nil, nil, diags
	}
	var origin report.Origin
	if err := json.Unmarshal(record.Origin, &origin); err != nil || len(origin.Manifest) == 0 {
		diags.AddError(summary, fmt.Sprintf("The ownership record %s does not say what was migrated. "+
			"The program that made it was too old for imports.", artifact.RecordPath(file)))
		return nil, nil, diags
	}
	return record, &origin, diags
}

// importedModel is the state of a migration that was made from m, with the
// defaults of all that a manifest does not say.
func importedModel(ctx context.Context, m *manifest.Manifest, origin *report.Origin, run string) (*migrationModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	values, err := manifestValues(m)
	if err != nil {
		diags.AddError("Unable to import migration", "The manifest in the ownership record does not fit the resource: "+err.Error())
		return nil, diags
	}
	all := migrationSchema(ctx)
	for name, attribute := range all.Attributes {
		if values[name] == nil {
			values[name] = defaultOf(attribute)
		}
	}
	object, objectDiags := types.ObjectValue(must[attr.TypeWithAttributeTypes](all.Type()).AttributeTypes(), values)
	diags.Append(objectDiags...)
	var model migrationModel
	diags.Append(object.As(ctx, &model, basetypes.ObjectAsOptions{})...)
	if diags.HasError() {
		return nil, diags
	}
	paths := plannedPaths(m, nil)
	model.ID, model.OutputPath, model.ReportPath = paths.id, paths.output, paths.report
	if rep := reportOf(model.ReportPath, run); rep != nil {
		diags.Append(model.setResult(ctx, rep)...)
	} else if model.ReportPath.IsNull() {
		// Nothing is missing: there was no report.
	} else {
		diags.AddWarning("Report of the migration is gone: "+model.name(), fmt.Sprintf("%s is not the report of this migration, so the attributes report, guest, machine and concerns "+
			"stay empty.", model.ReportPath.ValueString()))
	}
	model.SourceFingerprint = types.StringPointerValue(orNull(sourceFingerprint(origin.Source)))
	diags.Append(model.setImages(ctx, newArtifactModels(origin.Artifacts))...)
	return &model, diags
}

// reportOf reads the report of a run, or nothing if it is not there any more.
func reportOf(file types.String, run string) *report.Report {
	if file.IsNull() {
		return nil
	}
	record, err := artifact.ReadRecord(file.ValueString())
	if err != nil || record.RunID != run {
		return nil
	}
	rep, err := report.Read(file.ValueString())
	if err != nil {
		return nil
	}
	return rep
}
