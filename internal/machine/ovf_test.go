package machine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/ovf"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func item(kind ovf.CIMResourceType, name, model string, settings ...ovf.Config) ovf.ResourceAllocationSettingData {
	return ovf.ResourceAllocationSettingData{
		CIMResourceAllocationSettingData: ovf.CIMResourceAllocationSettingData{ElementName: name, ResourceType: &kind, ResourceSubType: &model},
		Config:                           settings,
	}
}

// What VMware writes beside the items of the standard is read too.
func TestMachineOfOVF(t *testing.T) {
	t.Parallel()
	address := "00:50:56:01:02:03"
	card := item(ovf.EthernetAdapter, "Network adapter 1", "VmxNet3", ovf.Config{Key: "slotInfo.pciSlotNumber", Value: "1184"})
	card.Address = &address
	system := ovf.VirtualSystem{
		Content: ovf.Content{ID: "web"},
		VirtualHardware: []ovf.VirtualHardwareSection{{
			Item: []ovf.ResourceAllocationSettingData{
				card, item(ovf.CdDrive, "CD/DVD drive 1", "vmware.cdrom.iso"), item(ovf.UsbController, "USB Controller", "vmware.usb.xhci"),
				item(ovf.Other, "Virtual TPM", "vmware.vtpm"), item(ovf.Other, "PCI device 0", "vmware.pci.passthrough"),
				item(ovf.Other, "PCI device 1", "vmware.pci.passthrough-vmiop"), item(ovf.Other, "SCSI device 0", "vmware.scsi.passthrough"),
				item(ovf.EthernetAdapter, "SR-IOV 1", "Sriov"), item(ovf.Other, "Video card", "vmware.videocard"),
			},
			Config: []ovf.Config{
				{Key: "firmware", Value: "efi"}, {Key: "bootOptions.efiSecureBootEnabled", Value: "true"}, {Key: "cpuHotAddEnabled", Value: "true"},
				{Key: "memoryHotAddEnabled", Value: "false"},
			},
			ExtraConfig: []ovf.Config{{Key: "nvram", Value: "ovf:/file/file3"}, {Key: "sched.cpu.affinity", Value: "all"}},
		}},
	}
	want := &report.Machine{
		ID: "web", Name: "web", Firmware: UEFI, SecureBoot: true, TPM: true, NVRAM: "file3", USB: true, CPUHotPlug: true,
		CDROMs: []report.CDROM{{}},
		NICs: []report.NIC{
			{Name: "Network adapter 1", MAC: address, Model: "VmxNet3", Slot: 161, Static: true}, {Name: "SR-IOV 1", Model: "Sriov"},
		},
		Passthrough: []report.Passthrough{{Kind: report.PassthroughPCI, Name: "PCI device 0"}, {Kind: report.PassthroughPCI, Name: "PCI device 1"}, {Kind: report.PassthroughSCSI, Name: "SCSI device 0"}, {Kind: report.PassthroughSRIOV, Name: "SR-IOV 1"}},
	}
	if diff := cmp.Diff(want, OfOVF(&ovf.Envelope{}, system)); diff != "" {
		t.Error("(-want +got)\n" + diff)
	}
}

// quantity is an item of an amount of something.
func quantity(kind ovf.CIMResourceType, amount uint, units, bound string) ovf.ResourceAllocationSettingData {
	of := item(kind, "", "")
	of.VirtualQuantity, of.AllocationUnits, of.Bound = &amount, &units, &bound
	return of
}

func TestQuantitiesOfOVF(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		items     []ovf.ResourceAllocationSettingData
		vcpus     int
		memoryMiB int64
	}{
		"bounds behind what is usual": {vcpus: 4, memoryMiB: 8192, items: []ovf.ResourceAllocationSettingData{
			quantity(ovf.Processor, 4, "", ""), quantity(ovf.Processor, 1, "", "min"), quantity(ovf.Processor, 64, "", "max"),
			quantity(ovf.Memory, 8192, "byte * 2^20", "normal"), quantity(ovf.Memory, 64, "byte * 2^20", "min"), quantity(ovf.Memory, 1<<20, "byte * 2^20", "max"),
		}},
		"bounds alone": {vcpus: 2, memoryMiB: 1024, items: []ovf.ResourceAllocationSettingData{
			quantity(ovf.Processor, 2, "", "min"), quantity(ovf.Processor, 64, "", "max"), quantity(ovf.Memory, 1, "GB", "min"), quantity(ovf.Memory, 1, "TB", "max"),
		}},
		"the most alone":           {memoryMiB: 2048, items: []ovf.ResourceAllocationSettingData{quantity(ovf.Memory, 2, "GiB", "Max")}},
		"another word for a unit":  {memoryMiB: 4096, items: []ovf.ResourceAllocationSettingData{quantity(ovf.Memory, 4, "GB", "")}},
		"an early word for a unit": {memoryMiB: 4096, items: []ovf.ResourceAllocationSettingData{quantity(ovf.Memory, 4, "GigaBytes", "")}},
		"no unit":                  {memoryMiB: 512, items: []ovf.ResourceAllocationSettingData{quantity(ovf.Memory, 512, "", "")}},
		"no unit, and bytes":       {memoryMiB: 4096, items: []ovf.ResourceAllocationSettingData{quantity(ovf.Memory, 4<<30, "", "")}},
		"a unit that nobody knows": {memoryMiB: 0, items: []ovf.ResourceAllocationSettingData{quantity(ovf.Memory, 4, "pages", "")}},
		"absurdly many processors": {vcpus: 0, items: []ovf.ResourceAllocationSettingData{quantity(ovf.Processor, 1<<20, "", "")}},
		"a card that is optional":  {items: []ovf.ResourceAllocationSettingData{quantity(ovf.EthernetAdapter, 1, "", "max")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := OfOVF(&ovf.Envelope{}, ovf.VirtualSystem{VirtualHardware: []ovf.VirtualHardwareSection{{Item: test.items}}})
			if m.VCPUs != test.vcpus || m.MemoryMiB != test.memoryMiB || len(m.NICs) != 0 {
				t.Errorf("%d processors, %d MiB and %d cards, want %d and %d", m.VCPUs, m.MemoryMiB, len(m.NICs), test.vcpus, test.memoryMiB)
			}
		})
	}
}
