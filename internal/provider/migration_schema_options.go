package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func optionsAttribute() schema.Attribute {
	defaults := manifest.DefaultOptions()
	options := map[string]schema.Attribute{
		"dry_run": option(defaults.DryRun, "Whether to go through `inspect` and `fix` in a temporary overlay, report every change, and keep nothing "+
			"but the report."),
		"verbose": schema.Int64Attribute{
			MarkdownDescription: "How much is logged: 0 (little), 1 (normal) or 2 (all). The default is 1.",
			Optional:            true,
			Computed:            true,
			Default:             int64default.StaticInt64(int64(defaults.Verbose)),
		},
		"report": reportOptionsAttribute(defaults.Report),
	}
	return section("Options for the whole run.", options, defaultObject(options, nil))
}

func reportOptionsAttribute(defaults manifest.ReportOptions) schema.Attribute {
	options := map[string]schema.Attribute{
		"enabled": option(defaults.Enabled, "Whether to write the report."),
		"path": schema.StringAttribute{
			MarkdownDescription: "Path of the report; a relative path counts from the output directory. The default is `" + defaults.Path + "`. " +
				"Migrations that share an output directory need a report each, such as `options = { report = { path = \"web.json\" } }`.",
			Optional: true,
			Computed: true,
			Default:  stringdefault.StaticString(defaults.Path),
		},
	}
	return section("The report file.", options, defaultObject(options, nil))
}
