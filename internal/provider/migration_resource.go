package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// defaultCreateTimeout is long enough for a disk of some terabytes, and short
// enough to notice a storage that hangs within a night.
const defaultCreateTimeout = 8 * time.Hour

var (
	_ resource.Resource                   = (*migrationResource)(nil)
	_ resource.ResourceWithConfigure      = (*migrationResource)(nil)
	_ resource.ResourceWithIdentity       = (*migrationResource)(nil)
	_ resource.ResourceWithImportState    = (*migrationResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*migrationResource)(nil)
	_ resource.ResourceWithValidateConfig = (*migrationResource)(nil)
)

func newMigrationResource() resource.Resource { return &migrationResource{} }

type migrationResource struct {
	engine *engine
}

// Metadata implements resource.Resource.
func (r *migrationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_migration"
}

// Schema implements resource.Resource.
func (r *migrationResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = migrationSchema(ctx)
}

// Configure takes the engine from the provider.
func (r *migrationResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.engine = engineOf(req.ProviderData, &resp.Diagnostics)
}

// Update changes what says nothing about the files. For all else ModifyPlan
// plans a replacement.
func (r *migrationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state migrationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if plan.Artifacts.IsUnknown() { // drift_detection was switched on
		plan.Artifacts = state.Artifacts
		resp.Diagnostics.Append(plan.takeChecksums(ctx, resp.Private)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	for _, key := range []string{importedKey, protectedKey} {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, key, nil)...)
	}
	identity, diags := r.engine.recallIdentity(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, plan.ID, identity.HostID)...)
}
