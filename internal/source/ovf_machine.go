package source

import (
	"encoding/hex"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/ovf"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// machines lists the virtual machines of a descriptor in their order.
func machines(envelope *ovf.Envelope) []ovf.VirtualSystem {
	if envelope.VirtualSystem != nil {
		return []ovf.VirtualSystem{*envelope.VirtualSystem}
	}
	if envelope.VirtualSystemCollection != nil {
		return envelope.VirtualSystemCollection.VirtualSystem
	}
	return nil
}

// chooseMachine finds the virtual machine that the user means.
func chooseMachine(envelope *ovf.Envelope, wanted string) (ovf.VirtualSystem, error) {
	all := machines(envelope)
	if len(all) == 0 {
		return ovf.VirtualSystem{}, refuse("the OVF descriptor describes no virtual machine",
			"export a virtual machine; a disk can also be migrated alone, with its own source.type")
	}
	var names []string
	var chosen []ovf.VirtualSystem
	for _, machine := range all {
		names = append(names, label(machine))
		if wanted == machine.ID {
			return machine, nil
		}
		if wanted == "" || machine.Name != nil && *machine.Name == wanted {
			chosen = append(chosen, machine)
		}
	}
	switch {
	case len(chosen) == 1:
		return chosen[0], nil
	case wanted == "":
		return ovf.VirtualSystem{}, refuse(fmt.Sprintf("the package holds %d virtual machines: %s", len(all), strings.Join(names, ", ")),
			"name one of them in source.vm")
	case len(chosen) > 1:
		return ovf.VirtualSystem{}, refuse(fmt.Sprintf("the package holds %d virtual machines with the name %q", len(chosen), wanted),
			"put the id of one of them into source.vm: "+strings.Join(names, ", "))
	}
	return ovf.VirtualSystem{}, refuse(fmt.Sprintf("the package holds no virtual machine %q", wanted),
		"put one of these into source.vm: "+strings.Join(names, ", "))
}

// label is the id of a machine, with the name that people know it by.
func label(machine ovf.VirtualSystem) string {
	id := fmt.Sprintf("%q", printable(machine.ID))
	if machine.Name == nil || *machine.Name == machine.ID {
		return id
	}
	return fmt.Sprintf("%s (%q)", id, printable(*machine.Name))
}

// hardware is the first description of a machine's hardware.
func hardware(machine ovf.VirtualSystem) ovf.VirtualHardwareSection {
	if len(machine.VirtualHardware) == 0 {
		return ovf.VirtualHardwareSection{}
	}
	return machine.VirtualHardware[0]
}

// describeMachine gathers what a descriptor tells about a machine. Deployment
// options other than the default one are left out.
func describeMachine(envelope *ovf.Envelope, machine ovf.VirtualSystem) *report.Machine {
	m := &report.Machine{ID: machine.ID, Name: machine.ID}
	if name := text(machine.Name); name != "" {
		m.Name = name
	}
	if system := machine.OperatingSystem; system != nil {
		m.GuestType = text(system.OSType)
		if m.GuestType == "" {
			m.GuestType = text(system.Description)
		}
	}
	described := hardware(machine)
	for _, item := range described.Item {
		if item.ResourceType != nil && applies(item.Configuration, defaultConfiguration(envelope)) {
			addHardware(m, item)
		}
	}
	for _, config := range append(described.Config, described.ExtraConfig...) {
		if config.Key == "firmware" {
			switch strings.ToLower(config.Value) {
			case "efi":
				m.Firmware = "uefi"
			case "bios":
				m.Firmware = "bios"
			}
		}
	}
	return m
}

// defaultConfiguration is the deployment option that holds unless one is chosen.
func defaultConfiguration(envelope *ovf.Envelope) string {
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

// applies tells whether an item belongs to a configuration.
func applies(configurations *string, chosen string) bool {
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

// addHardware adds what one item of the descriptor describes.
func addHardware(m *report.Machine, item ovf.ResourceAllocationSettingData) {
	model := text(item.ResourceSubType)
	switch *item.ResourceType {
	case ovf.Processor:
		if item.VirtualQuantity != nil && *item.VirtualQuantity <= math.MaxInt32 {
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
		m.NICs = append(m.NICs, nic)
	case ovf.IdeController:
		m.Controllers = append(m.Controllers, report.Controller{Name: item.ElementName, Bus: "ide", Model: model})
	case ovf.ParallelScsiHba:
		m.Controllers = append(m.Controllers, report.Controller{Name: item.ElementName, Bus: "scsi", Model: model})
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
			if slot, err := strconv.Atoi(strings.TrimSpace(c.Value)); err == nil && slot > 0 {
				return slot
			}
		}
	}
	return 0
}

// memoryMiB turns a quantity with OVF's units into MiB.
func memoryMiB(quantity uint, units string) int64 {
	unit := allocationUnit(units, 1<<20)
	if float64(quantity)*float64(unit) > 1<<62 {
		return 0
	}
	return int64(quantity) * unit >> 20
}

// allocationUnit is a unit of OVF in bytes, such as that of "byte * 2^20".
// Early descriptors write MegaBytes and mean 2^20.
func allocationUnit(units string, otherwise int64) int64 {
	switch strings.ToLower(strings.TrimSpace(units)) {
	case "":
		return otherwise
	case "kilobytes":
		return 1 << 10
	case "megabytes":
		return 1 << 20
	case "gigabytes":
		return 1 << 30
	}
	if unit := ovf.ParseCapacityAllocationUnits(units); unit > 0 {
		return unit
	}
	return otherwise
}

// macAddress normalises an address, or drops what is none. Some write it
// without separators.
func macAddress(address string) string {
	parsed, err := net.ParseMAC(address)
	if err != nil {
		parsed, err = hex.DecodeString(address)
	}
	if err != nil || len(parsed) != 6 {
		return ""
	}
	return parsed.String()
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}

// capacity is a disk's declared size in bytes, 0 where it cannot be known.
func capacity(disk ovf.VirtualDiskDesc) int64 {
	number, err := strconv.ParseInt(strings.TrimSpace(disk.Capacity), 10, 64)
	unit := allocationUnit(text(disk.CapacityAllocationUnits), 1)
	if err != nil || number < 0 || float64(number)*float64(unit) > 1<<62 {
		return 0
	}
	return number * unit
}
