package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// Delete removes the images and the report, if they are those that this
// resource made.
func (r *migrationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state migrationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	identity, diags := recallIdentity(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	paths, diags := state.imagePaths(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if report := state.ReportPath; !report.IsNull() {
		switch status := artifact.Check(report.ValueString(), identity); status.State {
		case artifact.StateReplaced, artifact.StateUnrecorded:
			// Another migration's report, or the user's own file. It must not
			// stop the images from being deleted.
			resp.Diagnostics.AddWarning("Report was not deleted", status.Reason+".")
		default:
			paths = append(paths, report.ValueString())
		}
	}
	removed, err := artifact.Delete(ctx, identity, paths...)
	for _, path := range removed {
		tflog.Info(ctx, "Deleted "+path)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to delete migrated image", err.Error())
	}
}
