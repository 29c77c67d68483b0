package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// Read looks whether the images are still there. What a virtual machine wrote
// into them is no drift, unless drift_detection says so.
func (r *migrationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state migrationModel
	var published checksums
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	identity, diags := recallIdentity(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	images, diags := state.imageModels(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(recall(ctx, req.Private, checksumsKey, &published)...)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, state.ID, identity.HostID)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if published == nil {
		published = checksums{}
	}
	read := state.DriftDetection.ValueString() == driftChecksum
	var missing []string
	for i, image := range images {
		status := artifact.Check(image.Path, identity)
		switch status.State {
		case artifact.StateOwned, artifact.StateChanged:
		case artifact.StateMissing:
			missing = append(missing, image.Path)
			continue
		case artifact.StateUnknown:
			resp.Diagnostics.AddError("Unable to find out whether an image exists", status.Reason+".\n\n"+
				"If the image is gone for good, take the resource out of the state with `terraform state rm`.")
			continue
		case artifact.StateReplaced, artifact.StateUnrecorded:
			// Not ours to judge: it may be a restored backup. Migrating again
			// over it would be the worst answer.
			resp.Diagnostics.AddWarning("Image is not the one that was migrated", status.Reason+".\n\n"+
				"Destroying this resource will not delete it.")
			continue
		}
		if !read {
			continue
		}
		sum, err := refreshChecksum(ctx, image, status.State, published)
		if err != nil {
			resp.Diagnostics.AddError("Unable to find out whether an image has changed", err.Error())
			continue
		}
		images[i].Checksum = &sum
		if _, ok := published[image.Path]; !ok {
			published[image.Path] = sum
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if len(missing) > 0 && len(missing) == len(images) {
		resp.State.RemoveResource(ctx)
		return
	}
	if len(missing) > 0 {
		resp.Diagnostics.AddWarning("Images are missing", fmt.Sprintf("Of %d images, these are gone: %s.\n\n"+
			"To migrate again, run terraform apply with -replace and the address of this resource.", len(images), strings.Join(missing, ", ")))
	}
	if read {
		resp.Diagnostics.Append(state.setImages(ctx, images)...)
		resp.Diagnostics.Append(remember(ctx, resp.Private, checksumsKey, published)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}
