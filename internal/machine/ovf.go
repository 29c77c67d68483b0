package machine

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/ovf"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Hardware is the first description of a machine's hardware.
func Hardware(system ovf.VirtualSystem) ovf.VirtualHardwareSection {
	if len(system.VirtualHardware) == 0 {
		return ovf.VirtualHardwareSection{}
	}
	return system.VirtualHardware[0]
}

// OfOVF gathers what an OVF descriptor tells about one of its machines. Deployment
// options other than the default one are left out.
func OfOVF(envelope *ovf.Envelope, system ovf.VirtualSystem) *report.Machine {
	m := &report.Machine{ID: system.ID, Name: system.ID}
	if name := text(system.Name); name != "" {
		m.Name = name
	}
	if described := system.OperatingSystem; described != nil {
		m.GuestType = text(described.OSType)
		if m.GuestType == "" {
			m.GuestType = text(described.Description)
		}
	}
	described := Hardware(system)
	for _, item := range usual(described.Item) {
		if item.ResourceType != nil && Applies(item.Configuration, DefaultConfiguration(envelope)) {
			addHardware(m, item)
		}
	}
	for _, config := range slices.Concat(described.Config, described.ExtraConfig) {
		addSetting(m, config.Key, strings.TrimSpace(config.Value))
	}
	return m
}

// usual are the items of what a machine usually has. The standard (DSP0243, "Ranges on
// elements") lets more items say between which bounds a quantity may lie: they hold where
// no other says how much it is, the lower one before the upper.
func usual(items []ovf.ResourceAllocationSettingData) []ovf.ResourceAllocationSettingData {
	var upper, lower, others []ovf.ResourceAllocationSettingData
	for _, item := range items {
		bound := strings.ToLower(text(item.Bound))
		switch {
		case bound != "min" && bound != "max":
			others = append(others, item)
		case item.ResourceType == nil || *item.ResourceType != ovf.Processor && *item.ResourceType != ovf.Memory:
		case bound == "max":
			upper = append(upper, item)
		default:
			lower = append(lower, item)
		}
	}
	return slices.Concat(upper, lower, others) // of quantities, the last holds
}

// DefaultConfiguration is the deployment option that holds unless one is chosen.
func DefaultConfiguration(envelope *ovf.Envelope) string {
	if envelope.DeploymentOption == nil {
		return ""
	}
	for n, option := range envelope.DeploymentOption.Configuration {
		if option.Default != nil && *option.Default {
			return option.ID
		}
		if n == len(envelope.DeploymentOption.Configuration)-1 {
			return envelope.DeploymentOption.Configuration[0].ID
		}
	}
	return ""
}

// Applies tells whether an item belongs to a configuration.
func Applies(configurations *string, chosen string) bool {
	if configurations == nil {
		return true
	}
	for name := range strings.FieldsSeq(*configurations) {
		if name == chosen {
			return true
		}
	}
	return false
}

// addHardware adds what one item of the descriptor describes. The resource types are
// those of DMTF's CIM_ResourceAllocationSettingData. The standard (DSP0243) leaves
// subtypes to who writes the descriptor: VMware's are those of its own ovf package in
// govmomi; a TPM is "vmware.vtpm" of the type 1 by VMware's OVF Tool guide, "TPM as a
// Virtual Device in OVF", and a card by SR-IOV is called as govmomi calls its class of cards.
func addHardware(m *report.Machine, item ovf.ResourceAllocationSettingData) {
	model := text(item.ResourceSubType)
	switch *item.ResourceType {
	case ovf.Processor:
		if item.VirtualQuantity != nil && *item.VirtualQuantity <= maxVCPUs {
			m.VCPUs = int(*item.VirtualQuantity)
		}
	case ovf.Memory:
		if item.VirtualQuantity != nil {
			m.MemoryMiB = memoryMiB(*item.VirtualQuantity, text(item.AllocationUnits))
		}
	case ovf.EthernetAdapter:
		nic := report.NIC{Name: item.ElementName, Model: model}
		if len(item.Connection) > 0 {
			nic.Network = item.Connection[0]
		}
		nic.MAC = macAddress(text(item.Address))
		nic.Slot = slotOf(item.Config)
		nic.Static = nic.MAC != "" && !generated(nic.MAC)
		if strings.EqualFold(model, "sriov") || strings.EqualFold(model, "vmware.sriov") {
			m.Passthrough = append(m.Passthrough, report.Passthrough{Kind: report.PassthroughSRIOV, Name: item.ElementName})
		}
		m.NICs = append(m.NICs, nic)
	case ovf.IdeController:
		m.Controllers = append(m.Controllers, report.Controller{Name: item.ElementName, Bus: "ide", Model: model})
	case ovf.ParallelScsiHba:
		m.Controllers = append(m.Controllers, report.Controller{Name: item.ElementName, Bus: "scsi", Model: model})
	case ovf.CdDrive, ovf.DvdDrive:
		m.CDROMs = append(m.CDROMs, report.CDROM{})
	case ovf.UsbController:
		m.USB = true
	case ovf.Other:
		switch {
		case strings.EqualFold(model, ovf.ResourceSubTypeVTPM):
			m.TPM = true
		case strings.HasPrefix(strings.ToLower(model), ovf.ResourceSubTypePCIPassthrough): // and -dvx, -ah, -vmiop
			m.Passthrough = append(m.Passthrough, report.Passthrough{Kind: report.PassthroughPCI, Name: item.ElementName})
		case strings.EqualFold(model, ovf.ResourceSubTypeSCSIPassthrough):
			m.Passthrough = append(m.Passthrough, report.Passthrough{Kind: report.PassthroughSCSI, Name: item.ElementName})
		}
	case ovf.OtherStorage:
		// The standard has no number for these buses.
		for _, bus := range []string{"nvme", "sata"} {
			if strings.Contains(strings.ToLower(model+" "+item.ElementName), bus) || bus == "sata" && strings.EqualFold(model, "ahci") {
				m.Controllers = append(m.Controllers, report.Controller{Name: item.ElementName, Bus: bus, Model: model})
				break
			}
		}
	}
}

// slotOf finds the slot number among what VMware adds to an item.
func slotOf(config []ovf.Config) int {
	for _, c := range config {
		if c.Key == "slotInfo.pciSlotNumber" {
			return slotNumber(c.Value)
		}
	}
	return 0
}

// mostMiB is more than the memory of any machine, in MiB: without a unit, so much are
// bytes, which is the standard's own unit.
const mostMiB = 1 << 26

// memoryMiB turns a quantity with OVF's units into MiB, or 0 where these are not known.
func memoryMiB(quantity uint, units string) int64 {
	unit := AllocationUnit(units, 1<<20)
	if units == "" && quantity >= mostMiB {
		unit = 1
	}
	if float64(quantity)*float64(unit) > 1<<62 {
		return 0
	}
	return int64(quantity) * unit >> 20
}

// AllocationUnit is a unit of OVF in bytes, such as that of "byte * 2^20", otherwise where
// none is given, and 0 where it is not understood. Early descriptors write MegaBytes and
// mean 2^20; other programs write MB.
func AllocationUnit(units string, otherwise int64) int64 {
	switch strings.ToLower(strings.TrimSpace(units)) {
	case "":
		return otherwise
	case "b", "byte", "bytes":
		return 1
	case "kilobyte", "kilobytes", "kb", "kib":
		return 1 << 10
	case "megabyte", "megabytes", "mb", "mib":
		return 1 << 20
	case "gigabyte", "gigabytes", "gb", "gib":
		return 1 << 30
	case "terabyte", "terabytes", "tb", "tib":
		return 1 << 40
	}
	return max(ovf.ParseCapacityAllocationUnits(units), 0)
}

// addSetting adds what VMware writes beside the items of the standard.
func addSetting(m *report.Machine, key, value string) {
	yes := strings.EqualFold(value, "true")
	switch strings.ToLower(key) {
	case "firmware":
		m.Firmware = firmwareOf(value)
	case "bootoptions.efisecurebootenabled", "uefi.secureboot.enabled":
		m.SecureBoot = m.SecureBoot || yes
	case "vtpm.present":
		m.TPM = m.TPM || yes
	case "nvram":
		m.NVRAM = strings.TrimPrefix(value, "ovf:/file/")
	case "cpuhotaddenabled", "vcpu.hotadd":
		m.CPUHotPlug = m.CPUHotPlug || yes
	case "memoryhotaddenabled", "mem.hotadd":
		m.MemoryHotPlug = m.MemoryHotPlug || yes
	case "sched.cpu.affinity":
		m.CPUAffinity = affinityOf(value)
	case "numa.nodeaffinity":
		m.NUMAAffinity = affinityOf(value)
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}
