package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// migrationModel is the resource. What is in its sections is the business of
// readMigration.
type migrationModel struct {
	ID                 types.String   `tfsdk:"id"`
	Metadata           types.Object   `tfsdk:"metadata"`
	Source             types.Object   `tfsdk:"source"`
	Output             types.Object   `tfsdk:"output"`
	Pipeline           types.Object   `tfsdk:"pipeline"`
	Configuration      types.Object   `tfsdk:"configuration"`
	Options            types.Object   `tfsdk:"options"`
	Overwrite          types.Bool     `tfsdk:"overwrite"`
	DeletionProtection types.Bool     `tfsdk:"deletion_protection"`
	OnDestroy          types.String   `tfsdk:"on_destroy"`
	DriftDetection     types.String   `tfsdk:"drift_detection"`
	Triggers           types.Map      `tfsdk:"triggers"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
	OutputPath         types.String   `tfsdk:"output_path"`
	ReportPath         types.String   `tfsdk:"report_path"`
	SourceFingerprint  types.String   `tfsdk:"source_fingerprint"`
	Report             types.Object   `tfsdk:"report"`
	Artifacts          types.List     `tfsdk:"artifacts"`
	Guest              types.Object   `tfsdk:"guest"`
	Machine            types.Object   `tfsdk:"machine"`
	Concerns           types.List     `tfsdk:"concerns"`
}
