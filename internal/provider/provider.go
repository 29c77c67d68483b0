// Package provider is the Terraform face of the migration engine: schemas,
// plans, state and diagnostics. It knows nothing about disk images; each
// migration runs in a worker process.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

var (
	_ provider.Provider              = (*hyper2kvmProvider)(nil)
	_ provider.ProviderWithFunctions = (*hyper2kvmProvider)(nil)
)

type hyper2kvmProvider struct {
	version string
	// executable is the engine; empty means the provider's own binary. Tests
	// put another one here.
	executable string
	// lockDirectory is the default of lock_directory, if tests want another one.
	lockDirectory string
	// preflightCheck stands in for the engine's preflight, if tests want that.
	preflightCheck preflightCheck
}

type providerModel struct {
	Acceleration  types.String `tfsdk:"acceleration"`
	MaxConcurrent types.Int64  `tfsdk:"max_concurrent"`
	WorkDirectory types.String `tfsdk:"work_directory"`
	LockDirectory types.String `tfsdk:"lock_directory"`
	HostID        types.String `tfsdk:"host_id"`
	VirtioWin     types.String `tfsdk:"virtio_win"`
}

// New returns the provider's constructor. version is the provider's release,
// "dev" for a build from a work tree.
func New(version string) func() provider.Provider {
	return func() provider.Provider {
		return &hyper2kvmProvider{version: version}
	}
}

// Metadata implements provider.Provider.
func (p *hyper2kvmProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "hyper2kvm"
	resp.Version = p.version
}

// Schema implements provider.Provider.
func (p *hyper2kvmProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Turns disk images of VMware, Hyper-V and other hypervisors into images that boot on KVM. " +
			"Migrations run on the machine that runs Terraform: it must be Linux, reach the source and the output directory, " +
			"and have libguestfs and qemu-img installed.",
		Attributes: map[string]schema.Attribute{
			"acceleration": schema.StringAttribute{
				MarkdownDescription: "How the appliance that opens guests is run: `kvm` (fails where KVM does not work), `tcg` (software emulation, " +
					"slow but works everywhere), or `auto`, which uses KVM where it runs the appliance's kernel and falls back to TCG with a warning that says why. The default is `auto`.",
				Optional:   true,
				Validators: []validator.String{stringvalidator.OneOf("auto", "kvm", "tcg")},
			},
			"max_concurrent": schema.Int64Attribute{
				MarkdownDescription: "The number of migrations that run at the same time on this host, whatever Terraform's own `-parallelism` is, those of other " +
					"Terraform runs and the inspections of `hyper2kvm_inspection` counted in. Others wait, inspections at plan; that is logged, and does not count against their timeout. The default is one for every " +
					"two CPU cores, and at least one.",
				Optional:   true,
				Validators: []validator.Int64{int64validator.AtLeast(1)},
			},
			"host_id": schema.StringAttribute{
				MarkdownDescription: "Name of this host in the ownership records. Machines or containers that see the same output directories, such as the " +
					"agents of a pool with shared storage, can have the same one; those that do not need different ones. What it decides is in the guide " +
					"[Life of a migration](guides/lifecycle.md#hosts-and-shared-storage). Letters, digits and `._:/@-`. The default is derived from the " +
					"machine's id and name.",
				Optional: true,
				Validators: []validator.String{stringvalidator.RegexMatches(artifact.HostIDPattern,
					"must be 1 to 128 letters, digits or any of . _ : / @ -")},
			},
			"lock_directory": schema.StringAttribute{
				MarkdownDescription: "A directory for the locks by which `max_concurrent` counts the migrations of a host. Terraform runs that use the same one " +
					"count together. The default is one that all users of the host share: on Linux `/run/lock/hyper2kvm`, and `hyper2kvm-locks` in `TMPDIR` or `/tmp` where that " +
					"cannot be written.",
				Optional:   true,
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"virtio_win": schema.StringAttribute{
				MarkdownDescription: "An ISO image of virtio-win on this host, or a directory with its content, for all Windows guests whose migration names no " +
					"other in `pipeline.fix.virtio_win`. A migration that there is already does not change with it.",
				Optional:   true,
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"work_directory": schema.StringAttribute{
				MarkdownDescription: "An existing directory for the working files of running migrations. The default is the output directory of each " +
					"migration, which needs no copy between file systems and is known to have room for images.",
				Optional:   true,
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
		},
	}
}

// Configure makes the engine that all resources share.
func (p *hyper2kvmProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// During plan a value may not be known yet. Nothing runs then, and apply
	// configures again.
	concurrent := defaultMaxConcurrent()
	if !config.MaxConcurrent.IsNull() && !config.MaxConcurrent.IsUnknown() {
		concurrent = int(config.MaxConcurrent.ValueInt64())
	}
	if concurrent < 1 {
		resp.Diagnostics.AddAttributeError(path.Root("max_concurrent"), "Invalid number of migrations",
			"max_concurrent must be at least 1.")
		return
	}
	s := settings{
		acceleration:  config.Acceleration.ValueString(),
		workDirectory: config.WorkDirectory.ValueString(),
		lockDirectory: config.LockDirectory.ValueString(),
		hostID:        config.HostID.ValueString(),
		concurrent:    concurrent,
		virtioWin:     config.VirtioWin.ValueString(),
	}
	if s.lockDirectory == "" {
		s.lockDirectory = p.lockDirectory
	}
	shared := newEngine(p.executable, s)
	if p.preflightCheck != nil {
		shared.preflightCheck = p.preflightCheck
	}
	resp.ResourceData, resp.DataSourceData = shared, shared
}

// Resources implements provider.Provider.
func (p *hyper2kvmProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newMigrationResource}
}

// Functions implements provider.ProviderWithFunctions.
func (p *hyper2kvmProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newManifestDecodeFunction, newManifestEncodeFunction, newLibvirtDomainXMLFunction}
}

// DataSources implements provider.Provider.
func (p *hyper2kvmProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newInspectionDataSource}
}
