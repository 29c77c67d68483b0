package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// inspectionTimeout bounds a plan that waits for an appliance which hangs.
const inspectionTimeout = time.Hour

var (
	_ datasource.DataSourceWithConfigure      = (*inspectionDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*inspectionDataSource)(nil)
)

func newInspectionDataSource() datasource.DataSource { return &inspectionDataSource{} }

type inspectionDataSource struct {
	engine *engine
}

type inspectionModel struct {
	Source           types.Object `tfsdk:"source"`
	CollectGuestInfo types.Bool   `tfsdk:"collect_guest_info"`
	InspectedBy      types.String `tfsdk:"inspected_by"`
	Firmware         types.String `tfsdk:"firmware"`
	VirtualSize      types.Int64  `tfsdk:"virtual_size"`
	Guest            types.Object `tfsdk:"guest"`
	Machine          types.Object `tfsdk:"machine"`
	Concerns         types.List   `tfsdk:"concerns"`
	Disks            types.List   `tfsdk:"disks"`
	Warnings         types.List   `tfsdk:"warnings"`
}

type diskModel struct {
	Name           string            `tfsdk:"name"`
	Format         string            `tfsdk:"format"`
	Boot           bool              `tfsdk:"boot"`
	VirtualSize    int64             `tfsdk:"virtual_size"`
	SizeBytes      int64             `tfsdk:"size_bytes"`
	PartitionTable *string           `tfsdk:"partition_table"`
	Partitions     []partitionModel  `tfsdk:"partitions"`
	Filesystems    []filesystemModel `tfsdk:"filesystems"`
}

type partitionModel struct {
	Number int   `tfsdk:"number"`
	Start  int64 `tfsdk:"start"`
	Size   int64 `tfsdk:"size"`
}

type filesystemModel struct {
	Kind      string  `tfsdk:"kind"`
	Partition *int    `tfsdk:"partition"`
	Type      string  `tfsdk:"type"`
	UUID      *string `tfsdk:"uuid"`
	Label     *string `tfsdk:"label"`
	SizeBytes int64   `tfsdk:"size_bytes"`
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

// ValidateConfig checks the source as the section of a manifest that it is. A key that
// lacks is told by the schema.
func (d *inspectionDataSource) ValidateConfig(_ context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	read, err := readInspection(req.Config.Raw, types.BoolNull(), os.TempDir())
	if err != nil {
		resp.Diagnostics.AddError(invalidInspection, err.Error())
		return
	}
	read.problems = slices.DeleteFunc(read.problems, func(problem manifest.Error) bool { return wholeKey.MatchString(problem.Path) })
	resp.Diagnostics.Append(read.diagnostics(inspectionSchema().Type(), invalidInspection)...)
}

const invalidInspection = "Invalid inspection"

// wholeKey matches the path of one of the keys as a whole.
var wholeKey = regexp.MustCompile(`^source\.luks_keys\[\d+\]$`)

// Read inspects the source with the stages load_manifest and inspect.
func (d *inspectionDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config inspectionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// An inspection writes nothing, but a run needs a directory to work in.
	scratch, err := d.engine.scratch(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Unable to inspect disk image", paragraphs("Making a directory to work in: "+err.Error()+".",
			"Let the provider's work_directory or the environment variable TMPDIR name a directory that can be written."))
		return
	}
	defer func() { _ = scratch.Close() }() // what remains is swept
	read, err := readInspection(req.Config.Raw, config.CollectGuestInfo, scratch.Dir())
	if err != nil {
		resp.Diagnostics.AddError(invalidInspection, err.Error())
		return
	}
	resp.Diagnostics.Append(read.diagnostics(inspectionSchema().Type(), invalidInspection)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m := read.manifest
	m.MakeAbsolute()
	release, err := d.engine.acquire(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Inspection cancelled", paragraphs(source(m), "The inspection was cancelled while it waited for others to end, and nothing was begun."))
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

// readInspection reads the configuration of an inspection, which writes nothing and
// works in the directory.
func readInspection(config tftypes.Value, guest types.Bool, directory string) (reading, error) {
	source, err := valueAt(config, path.Root("source"))
	if err != nil {
		return reading{}, err
	}
	attributes, values := map[string]schema.Attribute{"source": sourceAttribute()}, map[string]tftypes.Value{"source": source}
	return readManifest(attributes, values, func(sections map[string]any) {
		sections["output"] = map[string]any{"directory": directory}
		sections["pipeline"] = map[string]any{"inspect": map[string]any{"collect_guest_info": guest.IsNull() || guest.ValueBool()}}
		sections["options"] = map[string]any{"report": map[string]any{"enabled": false}}
	})
}

func inspectionFailure(m *manifest.Manifest, rep *report.Report, err error) (diags diag.Diagnostics) {
	const summary = "Unable to inspect disk image"
	var timeout *timeoutError
	switch {
	case errors.As(err, &timeout):
		diags.AddError("Inspection timed out", paragraphs(source(m),
			fmt.Sprintf("The inspection took longer than %s and was cancelled%s.", timeout.after, stageReached(rep)),
			"With TF_LOG_PROVIDER=INFO the log says how far it comes. With collect_guest_info = false the guest is not looked into."))
	case errors.Is(err, context.Canceled):
		diags.AddError("Inspection cancelled", paragraphs(source(m), fmt.Sprintf("The inspection was cancelled%s.", stageReached(rep))))
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
	result, err := report.ResultOf[report.Inspection](rep)
	if err != nil {
		diags.AddError("Unable to read the result of the inspection", err.Error())
		return diags
	}
	guest, err := newGuestModel(rep)
	if err != nil {
		diags.AddError("Unable to read what is known about the guest", err.Error())
		return diags
	}
	attributes := inspectionSchema().Attributes
	var d diag.Diagnostics
	m.InspectedBy = types.StringValue(result.InspectedBy)
	m.Firmware, m.VirtualSize = types.StringValue(result.Firmware), types.Int64Value(result.Source.VirtualSize)
	m.Guest, d = types.ObjectValueFrom(ctx, must[types.ObjectType](attributes["guest"].GetType()).AttrTypes, guest)
	diags.Append(d...)
	m.Machine, d = types.ObjectValueFrom(ctx, must[types.ObjectType](attributes["machine"].GetType()).AttrTypes, newHardwareModel(rep.NewMachine))
	diags.Append(d...)
	m.Concerns, d = types.ListValueFrom(ctx, concernType(), newConcernModels(rep.Concerns))
	diags.Append(d...)
	m.Disks, d = types.ListValueFrom(ctx, must[types.ListType](attributes["disks"].GetType()).ElemType, newDiskModels(result))
	diags.Append(d...)
	m.Warnings, d = types.ListValueFrom(ctx, must[types.ListType](attributes["warnings"].GetType()).ElemType, newMessageModels(rep.Warnings))
	diags.Append(d...)
	return diags
}

// newDiskModels has empty lists, and not null ones, where there is nothing.
func newDiskModels(inspected report.Inspection) []diskModel {
	models := make([]diskModel, len(inspected.Disks))
	for n, disk := range inspected.Disks {
		model := diskModel{
			Name: disk.Name, Format: disk.Format, Boot: n == inspected.BootDisk, VirtualSize: disk.VirtualSize, SizeBytes: disk.SizeBytes,
			PartitionTable: orNull(disk.PartitionTable), Partitions: []partitionModel{}, Filesystems: []filesystemModel{},
		}
		for _, partition := range disk.Partitions {
			model.Partitions = append(model.Partitions, partitionModel(partition))
		}
		for _, f := range disk.Filesystems {
			model.Filesystems = append(model.Filesystems, filesystemModel{
				Kind: f.Kind, Partition: orNull(f.Partition), Type: f.Type, UUID: orNull(f.UUID), Label: orNull(f.Label), SizeBytes: f.SizeBytes,
			})
		}
		models[n] = model
	}
	return models
}
