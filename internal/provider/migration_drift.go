package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// checksums are the images' contents as they were published, by path.
type checksums map[string]string

// takeChecksums reads all images and enters their checksums as the ones that
// later content is compared with.
func (m *migrationModel) takeChecksums(ctx context.Context, private writablePrivateState) (diags diag.Diagnostics) {
	images, diags := m.imageModels(ctx)
	published := checksums{}
	for i := range images {
		sum, err := artifact.Checksum(ctx, images[i].Path)
		if err != nil {
			// The migration is done; the next refresh takes the checksum.
			diags.AddWarning("Unable to take an image's checksum", err.Error())
			continue
		}
		images[i].Checksum, published[images[i].Path] = &sum, sum
	}
	diags.Append(m.setImages(ctx, images)...)
	diags.Append(remember(ctx, private, checksumsKey, published)...)
	return diags
}

// refreshChecksum is the checksum that an image has now. An image that nobody
// has written to is not read.
func refreshChecksum(ctx context.Context, image artifactModel, state artifact.State, published checksums) (string, error) {
	if known, ok := published[image.Path]; ok && state == artifact.StateOwned {
		return known, nil
	}
	return artifact.Checksum(ctx, image.Path)
}

// drifted lists the images whose content is no longer the published one.
func drifted(images []artifactModel, published checksums) []string {
	var changed []string
	for _, image := range images {
		was, ok := published[image.Path]
		if ok && image.Checksum != nil && *image.Checksum != was {
			changed = append(changed, fmt.Sprintf("%s was published with %s and now has %s", image.Path, was, *image.Checksum))
		}
	}
	return changed
}

// forgetChecksums takes the checksums out of the artifacts.
func (m *migrationModel) forgetChecksums(ctx context.Context) (diags diag.Diagnostics) {
	images, diags := m.imageModels(ctx)
	for i := range images {
		images[i].Checksum = nil
	}
	diags.Append(m.setImages(ctx, images)...)
	return diags
}

func (m *migrationModel) setImages(ctx context.Context, images []artifactModel) diag.Diagnostics {
	if images == nil {
		images = []artifactModel{}
	}
	list, diags := types.ListValueFrom(ctx, imageType(), images)
	m.Artifacts = list
	return diags
}

// imageType is the type of one of the artifacts.
func imageType() attr.Type {
	return must[attr.TypeWithElementType](computedAttributes()["artifacts"].GetType()).ElementType()
}
