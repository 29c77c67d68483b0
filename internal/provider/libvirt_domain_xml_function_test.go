package provider

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/libvirt"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// The function writes what the engine would write of the machine in the report.
func TestLibvirtDomainXMLFunction(t *testing.T) {
	t.Parallel()
	machine := report.Hardware{
		Name: "db01", Arch: "x86_64", MachineType: "q35", Firmware: "uefi", SecureBoot: true, TPM: true, VCPUs: 4, MemoryMiB: 8192,
		CPULevel: "x86-64-v2", Clock: "utc", Video: "vga", RNG: true, GuestAgent: true,
		Disks: []report.HardwareDisk{{Path: "/d/db01.qcow2", Format: "qcow2", Bus: "virtio", Serial: "01", VirtualSize: 1, SectorSize: 4096}, {Path: "/d/b.raw", Format: "raw", Bus: "virtio"}},
		NICs:  []report.HardwareNIC{{Model: "virtio", MAC: "00:50:56:01:02:03", Network: "VM Network"}, {Model: "virtio"}},
	}
	if diff := cmp.Diff(machine, newHardwareModel(&machine).hardware()); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}
	argument := func(h *report.Hardware) types.Object {
		object, diags := types.ObjectValueFrom(t.Context(), machineTypes(), newHardwareModel(h))
		if diags.HasError() {
			t.Fatal(diags)
		}
		return object
	}
	got, failure := call(t, newLibvirtDomainXMLFunction(), argument(&machine))
	want, err := libvirt.DomainXML(machine)
	if failure != nil || err != nil || !got.Equal(types.StringValue(want)) {
		t.Errorf("%v, %v, %s", failure, err, got)
	}
	// What somebody merges into the machine may be null.
	for _, test := range []struct{ attribute, want string }{{"vcpus", "machine.vcpus must not be null"}, {"firmware", "machine.firmware must not be null"}} {
		attributes := argument(&machine).Attributes()
		attributes[test.attribute] = null(attributes[test.attribute].Type(t.Context()))
		_, failure := call(t, newLibvirtDomainXMLFunction(), types.ObjectValueMust(machineTypes(), attributes))
		if failure == nil || !strings.Contains(failure.Error(), test.want) || strings.Contains(failure.Error(), "provider") {
			t.Errorf("a null %s: %v", test.attribute, failure)
		}
	}
	machine.Disks[0].Path = ""
	if _, failure := call(t, newLibvirtDomainXMLFunction(), argument(&machine)); failure == nil || !strings.Contains(failure.Error(), "disks[0] has no image") {
		t.Errorf("without an image: %v", failure)
	}
}
