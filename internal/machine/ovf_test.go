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
