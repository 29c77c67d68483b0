package source

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/ovf"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
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
	for _, system := range all {
		names = append(names, label(system))
		if wanted == system.ID {
			return system, nil
		}
		if wanted == "" || system.Name != nil && *system.Name == wanted {
			chosen = append(chosen, system)
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
func label(system ovf.VirtualSystem) string {
	id := fmt.Sprintf("%q", printable(system.ID))
	if system.Name == nil || *system.Name == system.ID {
		return id
	}
	return fmt.Sprintf("%s (%q)", id, printable(*system.Name))
}

// capacity is a disk's declared size in bytes, 0 where it cannot be known.
func capacity(disk ovf.VirtualDiskDesc) int64 {
	number, err := strconv.ParseInt(strings.TrimSpace(disk.Capacity), 10, 64)
	unit := capacityUnit(disk)
	if err != nil || number < 0 || float64(number)*float64(unit) > 1<<62 {
		return 0
	}
	return number * unit
}

// capacityUnit is that in which a disk's size is declared, in bytes, or 0.
func capacityUnit(disk ovf.VirtualDiskDesc) int64 {
	return machine.AllocationUnit(text(disk.CapacityAllocationUnits), 1)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}
