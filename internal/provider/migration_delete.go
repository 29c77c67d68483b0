package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// Delete removes the images and the report, if they are those that this
// resource made.
func (r *migrationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state migrationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	identity, diags := r.engine.recallIdentity(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if state.DeletionProtection.ValueBool() {
		protectedError(&resp.Diagnostics, "Destroying or replacing this resource")
		return
	}
	files, diags := state.files(ctx, identity)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if state.OnDestroy.ValueString() == onDestroyKeep {
		for _, path := range files.deletable {
			tflog.Info(ctx, "Kept "+path)
		}
		return
	}
	for _, reason := range files.staying {
		resp.Diagnostics.AddWarning("File was not deleted: "+state.name(), reason+".")
	}
	removed, err := artifact.Delete(ctx, identity, files.paths()...)
	for _, path := range removed {
		tflog.Info(ctx, "Deleted "+path)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to delete migrated image", paragraphs(err.Error()+".", sentence(remedy.Of(err))))
	}
}
