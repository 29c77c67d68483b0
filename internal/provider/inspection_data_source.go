package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// inspectionTimeout bounds a plan that waits for an appliance which hangs.
const inspectionTimeout = time.Hour

var _ datasource.DataSourceWithConfigure = (*inspectionDataSource)(nil)

func newInspectionDataSource() datasource.DataSource { return &inspectionDataSource{} }

type inspectionDataSource struct {
	engine *engine
}

type inspectionModel struct {
	Source           types.Object `tfsdk:"source"`
	CollectGuestInfo types.Bool   `tfsdk:"collect_guest_info"`
	Firmware         types.String `tfsdk:"firmware"`
	VirtualSize      types.Int64  `tfsdk:"virtual_size"`
	Guest            types.Object `tfsdk:"guest"`
	Disks            types.List   `tfsdk:"disks"`
	Warnings         types.List   `tfsdk:"warnings"`
}

type diskModel struct {
	Name           string            `json:"name" tfsdk:"name"`
	Format         string            `json:"format" tfsdk:"format"`
	Boot           bool              `json:"-" tfsdk:"boot"`
	VirtualSize    int64             `json:"virtual_size" tfsdk:"virtual_size"`
	SizeBytes      int64             `json:"size_bytes" tfsdk:"size_bytes"`
	PartitionTable *string           `json:"partition_table" tfsdk:"partition_table"`
	Partitions     []partitionModel  `json:"partitions" tfsdk:"partitions"`
	Filesystems    []filesystemModel `json:"filesystems" tfsdk:"filesystems"`
}

type partitionModel struct {
	Number int64 `json:"number" tfsdk:"number"`
	Start  int64 `json:"start" tfsdk:"start"`
	Size   int64 `json:"size" tfsdk:"size"`
}

type filesystemModel struct {
	Kind      string  `json:"kind" tfsdk:"kind"`
	Partition *int64  `json:"partition" tfsdk:"partition"`
	Type      string  `json:"type" tfsdk:"type"`
	UUID      *string `json:"uuid" tfsdk:"uuid"`
	Label     *string `json:"label" tfsdk:"label"`
	SizeBytes int64   `json:"size_bytes" tfsdk:"size_bytes"`
}

// Metadata implements datasource.DataSource.
func (d *inspectionDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_inspection"
}

// Schema implements datasource.DataSource.
func (d *inspectionDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = inspectionSchema()
}

// Configure takes the engine from the provider.
func (d *inspectionDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.engine = engineOf(req.ProviderData, &resp.Diagnostics)
}

// Read inspects the source with the stages load_manifest and inspect.
func (d *inspectionDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config inspectionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// An inspection writes nothing, but a run needs a directory to work in.
	directory, err := os.MkdirTemp(d.engine.workDirectory, "hyper2kvm-inspection-")
	if err != nil {
		resp.Diagnostics.AddError("Unable to inspect disk image", paragraphs("Making a directory to work in: "+err.Error()+".",
			"Let the provider's work_directory or the environment variable TMPDIR name a directory that can be written."))
		return
	}
	defer func() { _ = os.RemoveAll(directory) }()
	m, err := config.manifest(directory)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("source"), "Invalid inspection", withoutPlaces(err))
		return
	}
	release, err := d.engine.acquire(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Inspection cancelled", err.Error())
		return
	}
	defer release()
	runCtx, cancel := context.WithTimeoutCause(ctx, inspectionTimeout, &timeoutError{after: inspectionTimeout})
	defer cancel()
	rep, err := d.engine.run(runCtx, m)
	resp.Diagnostics.Append(inspectionFailure(m, rep, err)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.setResult(ctx, rep)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &config)...)
}

// manifest is that of an inspection which writes nothing.
func (m *inspectionModel) manifest(directory string) (*manifest.Manifest, error) {
	text, err := json.Marshal(map[string]any{
		"version":  manifest.Version,
		"source":   toJSON(m.Source),
		"output":   map[string]any{"directory": directory},
		"pipeline": map[string]any{"inspect": map[string]any{"collect_guest_info": m.CollectGuestInfo.IsNull() || m.CollectGuestInfo.ValueBool()}},
		"options":  map[string]any{"report": map[string]any{"enabled": false}},
	})
	if err != nil {
		return nil, err
	}
	result, err := manifest.Decode(bytes.NewReader(text))
	if err == nil {
		result.Source.Path = result.SourcePath()
	}
	return result, err
}

func inspectionFailure(m *manifest.Manifest, rep *report.Report, err error) (diags diag.Diagnostics) {
	const summary = "Unable to inspect disk image"
	switch {
	case err != nil:
		diags.AddError(summary, paragraphs(source(m), err.Error()))
	case !rep.Pipeline.Success:
		for _, failure := range rep.Errors {
			diags.AddError(summary, paragraphs(source(m), failure.Message, failure.Remedy))
		}
		if len(rep.Errors) == 0 {
			diags.AddError(summary, paragraphs(source(m), "The inspection failed and does not say why."))
		}
	}
	return diags
}

// setResult fills the computed attributes from the report.
func (m *inspectionModel) setResult(ctx context.Context, rep *report.Report) (diags diag.Diagnostics) {
	var result struct {
		Firmware string `json:"firmware"`
		BootDisk int    `json:"boot_disk"`
		Source   struct {
			VirtualSize int64 `json:"virtual_size"`
		} `json:"source"`
		Disks []diskModel `json:"disks"`
	}
	for _, stage := range rep.Pipeline.Stages {
		if stage.Name != report.StageInspect {
			continue
		}
		if err := json.Unmarshal(stage.Result, &result); err != nil {
			diags.AddError("Unable to read the result of the inspection", err.Error())
			return diags
		}
	}
	for n := range result.Disks {
		disk := &result.Disks[n]
		disk.Boot = n == result.BootDisk
		// Lists without elements are empty and not null.
		disk.Partitions = append([]partitionModel{}, disk.Partitions...)
		disk.Filesystems = append([]filesystemModel{}, disk.Filesystems...)
	}
	guest, err := newGuestModel(rep)
	if err != nil {
		diags.AddError("Unable to read what is known about the guest", err.Error())
		return diags
	}
	attributes := inspectionSchema().Attributes
	var d diag.Diagnostics
	m.Firmware, m.VirtualSize = types.StringValue(result.Firmware), types.Int64Value(result.Source.VirtualSize)
	m.Guest, d = types.ObjectValueFrom(ctx, attributes["guest"].GetType().(types.ObjectType).AttrTypes, guest)
	diags.Append(d...)
	m.Disks, d = types.ListValueFrom(ctx, attributes["disks"].GetType().(types.ListType).ElemType, append([]diskModel{}, result.Disks...))
	diags.Append(d...)
	m.Warnings, d = types.ListValueFrom(ctx, attributes["warnings"].GetType().(types.ListType).ElemType, newMessageModels(rep.Warnings))
	diags.Append(d...)
	return diags
}
