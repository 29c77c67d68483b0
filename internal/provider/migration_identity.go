package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// identityModel names a migration among all of a provider. Terraform 1.12 and
// later keep it beside the state.
type identityModel struct {
	Path   types.String `tfsdk:"path"`
	HostID types.String `tfsdk:"host_id"`
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *migrationResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"path": identityschema.StringAttribute{
				Description:       "Absolute path of the image, or of the report if the migration made no image.",
				RequiredForImport: true,
			},
			"host_id": identityschema.StringAttribute{
				Description:       "Id of the host that migrated, as the ownership record beside the file has it.",
				OptionalForImport: true,
			},
		},
	}
}

// identify sets the resource's identity. One that Terraform knows already must
// never change.
func identify(ctx context.Context, identity *tfsdk.ResourceIdentity, path types.String, hostID string) diag.Diagnostics {
	if identity == nil || !identity.Raw.IsNull() && identity.Raw.IsFullyKnown() {
		return nil
	}
	return identity.Set(ctx, identityModel{Path: path, HostID: types.StringPointerValue(orNull(hostID))})
}
