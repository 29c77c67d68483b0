package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/libvirt"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

var _ function.Function = (*libvirtDomainXMLFunction)(nil)

func newLibvirtDomainXMLFunction() function.Function { return &libvirtDomainXMLFunction{} }

type libvirtDomainXMLFunction struct{}

// Metadata implements function.Function.
func (*libvirtDomainXMLFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "libvirt_domain_xml"
}

// Definition implements function.Function.
func (*libvirtDomainXMLFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Writes libvirt's definition of a machine",
		MarkdownDescription: "Writes the XML of a libvirt domain for the `machine` of a `hyper2kvm_migration`, as `virsh define` takes it: its disks with their " +
			"images, its network cards with their MAC addresses on libvirt's network `" + libvirt.Network + "`, firmware, Secure Boot, TPM and clock. The domain is of the " +
			"type `kvm` and has the host's processor. The command writes the same with `--libvirt-xml`.",
		Parameters: []function.Parameter{
			function.ObjectParameter{
				Name: "machine", AttributeTypes: machineTypes(),
				MarkdownDescription: "The `machine` of a migration that writes images.",
			},
		},
		Return: function.StringReturn{},
	}
}

// Run implements function.Function.
func (*libvirtDomainXMLFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var argument types.Object
	if resp.Error = function.ConcatFuncErrors(req.Arguments.Get(ctx, &argument)); resp.Error != nil {
		return
	}
	var model hardwareModel
	if diags := argument.As(ctx, &model, basetypes.ObjectAsOptions{}); diags.HasError() {
		resp.Error = function.NewArgumentFuncError(0, nullText(diags))
		return
	}
	text, err := libvirt.DomainXML(model.hardware())
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}

// nullText says which attributes are null that a machine always has. Terraform has
// seen to their types.
func nullText(diags diag.Diagnostics) string {
	var lines []string
	for _, d := range diags.Errors() {
		name := "an attribute of machine"
		if at, ok := d.(diag.DiagnosticWithPath); ok {
			name = "machine." + at.Path().String()
		}
		lines = append(lines, name+" must not be null: give a value, or leave it as the migration tells it")
	}
	return strings.Join(lines, "\n")
}

func machineTypes() map[string]attr.Type {
	return attributeTypes(must[schema.SingleNestedAttribute](machineAttribute()).Attributes)
}

// hardware is the machine that newHardwareModel was made of.
func (m *hardwareModel) hardware() report.Hardware {
	h := report.Hardware{
		Name: orZero(m.Name), Arch: m.Arch, MachineType: m.MachineType, Firmware: m.Firmware, SecureBoot: m.SecureBoot, TPM: m.TPM,
		VCPUs: m.VCPUs, MemoryMiB: m.MemoryMiB, CPULevel: orZero(m.CPULevel), Clock: m.Clock, Video: m.Video, RNG: m.RNG, GuestAgent: m.GuestAgent,
	}
	for _, disk := range m.Disks {
		h.Disks = append(h.Disks, report.HardwareDisk{
			Path: orZero(disk.Path), Format: orZero(disk.Format), Bus: disk.Bus, Serial: orZero(disk.Serial), VirtualSize: disk.VirtualSize, SectorSize: disk.SectorSize,
		})
	}
	for _, nic := range m.NICs {
		h.NICs = append(h.NICs, report.HardwareNIC{Model: nic.Model, MAC: orZero(nic.MAC), Network: orZero(nic.Network)})
	}
	return h
}

// orZero undoes orNull.
func orZero[T any](value *T) T {
	if value == nil {
		var zero T
		return zero
	}
	return *value
}
