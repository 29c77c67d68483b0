package provider

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// Read looks whether the images are still there. What a virtual machine wrote
// into them is no drift, unless drift_detection says so.
func (r *migrationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state migrationModel
	var published checksums
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	identity, diags := r.engine.recallIdentity(ctx, req.Private)
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
	found := lookAtImages(ctx, images, identity, read, published)
	resp.Diagnostics.Append(found.diagnostics...)
	if resp.Diagnostics.HasError() {
		return
	}
	if len(found.elsewhere) > 0 {
		resp.Diagnostics.AddWarning("Image cannot be seen from here: "+state.name(), paragraphs(strings.Join(found.elsewhere, "\n"),
			"Nothing in the state was changed. Destroying or replacing has to happen where the image is. If hosts share their storage, mount it, "+
				"and give them the same host_id in the provider's configuration. If the image is gone for good, apply on_destroy = \"keep\" and then "+
				"destroy or replace the resource, or take it out of the state with `terraform state rm`."))
	}
	if len(found.missing) > 0 && len(found.missing) == len(images) {
		resp.State.RemoveResource(ctx)
		return
	}
	if len(found.missing) > 0 {
		resp.Diagnostics.AddWarning("Images are missing: "+state.name(), fmt.Sprintf("Of %d images, these are gone: %s.\n\n"+
			"To migrate again, run terraform apply with -replace and the address of this resource.", len(images), strings.Join(found.missing, ", ")))
	}
	if read {
		resp.Diagnostics.Append(state.setImages(ctx, images)...)
		resp.Diagnostics.Append(remember(ctx, resp.Private, checksumsKey, published)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// foundImages is what became of a resource's images since the state was
// written: paths of those that are gone, and why others cannot be seen.
type foundImages struct {
	missing, elsewhere []string
	diagnostics        diag.Diagnostics
}

// lookAtImages checks each image on this host. With read it sets the checksum
// of those that are there, and adds to published those that it lacks.
func lookAtImages(ctx context.Context, images []artifactModel, identity artifact.Identity, read bool, published checksums) foundImages {
	var found foundImages
	for i, image := range images {
		status := artifact.Check(image.Path, identity)
		switch status.State {
		case artifact.StateOwned, artifact.StateChanged:
		case artifact.StateMissing:
			found.missing = append(found.missing, image.Path)
			continue
		case artifact.StateElsewhere:
			// As good as always on an agent that lives for one run. To migrate
			// again would be wrong, and to stop would be for ever.
			found.elsewhere = append(found.elsewhere, status.Reason+".")
			continue
		case artifact.StateUnknown:
			found.diagnostics.AddError("Unable to find out whether an image exists", paragraphs(status.Reason+".",
				"If the image is gone for good, take the resource out of the state with `terraform state rm`.", otherwiseAnotherHost(image.Path)))
			continue
		case artifact.StateReplaced, artifact.StateUnrecorded:
			// Not ours to judge: it may be a restored backup. Migrating again
			// over it would be the worst answer.
			found.diagnostics.AddWarning("Image is not the one that was migrated: "+filepath.Base(image.Path), status.Reason+".\n\n"+
				"Destroying this resource will not delete it.")
			continue
		}
		if !read {
			continue
		}
		sum, err := refreshChecksum(ctx, image, status.State, published)
		if err != nil {
			found.diagnostics.AddError("Unable to find out whether an image has changed", err.Error())
			continue
		}
		images[i].Checksum = &sum
		if _, ok := published[image.Path]; !ok {
			published[image.Path] = sum
		}
	}
	return found
}

// otherwiseAnotherHost says what to do where the file is missing because this host
// only seems to be the one that made it.
func otherwiseAnotherHost(file string) string {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return "If this is another machine or container than the one that migrated, with the same machine-id and name, give each its own host_id in the " +
		"provider's configuration: the state then stays as it is, with a warning."
}
