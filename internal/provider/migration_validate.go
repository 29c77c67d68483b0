package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// ValidateConfig checks the configuration as the manifest that it is.
func (r *migrationResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config migrationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m, read, diags := config.manifest(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, diags = config.createTimeout(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(manifestDiagnostics(ctx, m.Validate(), read)...)
}

// dependencies names what else decides whether a field is right, for the rules
// of the manifest that are about more than one field.
var dependencies = map[string][]string{
	"source.vm":                         {"source.type"},
	"output.directory":                  {"source.path", "pipeline", "options.dry_run"},
	"output.filename":                   {"source.path", "output", "pipeline", "options.dry_run"},
	"options.report.path":               {"source.path", "output", "pipeline", "options"},
	"pipeline.convert.compress":         {"output.format"},
	"pipeline.convert.compress_level":   {"pipeline.convert"},
	"pipeline.convert.compression_type": {"pipeline.convert"},
	"pipeline.convert.preallocation":    {"pipeline.convert", "output.format"},
	"pipeline.convert.cluster_size":     {"output.format"},
	"pipeline.fix.initramfs":            {"pipeline.fix"},
	"pipeline.validate":                 {"pipeline"},
	"configuration.hostname.domain":     {"configuration.hostname"},
}

// manifestDiagnostics turns a manifest's errors into diagnostics of the
// attributes that they are about. Errors that an unknown value may still put
// right are left out: they come back when it is known.
func manifestDiagnostics(ctx context.Context, err error, read reading) (diags diag.Diagnostics) {
	var problems manifest.Errors
	if !errors.As(err, &problems) {
		if err != nil {
			diags.AddError("Invalid migration", err.Error())
		}
		return diags
	}
	root := migrationSchema(ctx).Type()
	for _, problem := range problems {
		if undecided(problem.Path, read.unknown) {
			continue
		}
		if writeOnly, ok := read.writeOnly[problem.Path]; ok {
			problem.Path = writeOnly
		}
		at := attributePath(root, problem.Path)
		if len(at.Steps()) == 0 {
			diags.AddError("Invalid migration", problem.Error())
			continue
		}
		diags.AddAttributeError(at, "Invalid migration", problem.Error())
	}
	return diags
}

func undecided(field string, unknown unknownPaths) bool {
	if unknown.touch(field) {
		return true
	}
	for _, other := range dependencies[field] {
		if unknown.touch(other) {
			return true
		}
	}
	return false
}
