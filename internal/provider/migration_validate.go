package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// ValidateConfig checks the configuration as the manifest that it is.
func (r *migrationResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config migrationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	read, diags := readMigration(ctx, req.Config.Raw)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, diags = config.createTimeout(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(read.diagnostics(migrationSchema(ctx).Type(), invalidMigration)...)
}
