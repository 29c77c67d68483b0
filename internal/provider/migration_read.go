package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// Read looks whether the images are still there. What a virtual machine wrote
// into them is no drift.
func (r *migrationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state migrationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	identity, diags := recallIdentity(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	paths, diags := state.imagePaths(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var missing []string
	for _, path := range paths {
		switch status := artifact.Check(path, identity); status.State {
		case artifact.StateOwned, artifact.StateChanged:
		case artifact.StateMissing:
			missing = append(missing, path)
		case artifact.StateUnknown:
			resp.Diagnostics.AddError("Unable to find out whether an image exists", status.Reason+".\n\n"+
				"If the image is gone for good, take the resource out of the state with `terraform state rm`.")
		case artifact.StateReplaced, artifact.StateUnrecorded:
			// Not ours to judge: it may be a restored backup. Migrating again
			// over it would be the worst answer.
			resp.Diagnostics.AddWarning("Image is not the one that was migrated", status.Reason+".\n\n"+
				"Destroying this resource will not delete it.")
		}
	}
	switch {
	case resp.Diagnostics.HasError() || len(missing) == 0:
	case len(missing) == len(paths):
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.AddWarning("Images are missing", fmt.Sprintf("Of %d images, these are gone: %s.\n\n"+
			"To migrate again, run terraform apply with -replace and the address of this resource.", len(paths), strings.Join(missing, ", ")))
	}
}
