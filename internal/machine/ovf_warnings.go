package machine

import (
	"fmt"

	"github.com/vmware/govmomi/ovf"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// WarningsOfOVF are what a descriptor says of one of its machines in words that are not
// understood, where others are taken instead.
func WarningsOfOVF(envelope *ovf.Envelope, system ovf.VirtualSystem) []report.Warning {
	m, said := OfOVF(envelope, system), map[ovf.CIMResourceType]bool{}
	for _, item := range Hardware(system).Item {
		if item.ResourceType != nil && Applies(item.Configuration, DefaultConfiguration(envelope)) {
			said[*item.ResourceType] = true
		}
	}
	var found []report.Warning
	misread := func(what, instead string) {
		found = append(found, report.Warning{
			ID: report.ConcernDescription, Message: fmt.Sprintf("what it says of the machine's %s is not understood: the new one gets %s", what, instead),
			Remedy: "correct it in the descriptor, or give the new machine what the old one had",
		})
	}
	if said[ovf.Processor] && m.VCPUs == 0 {
		misread("processors", fmt.Sprint(DefaultVCPUs))
	}
	if said[ovf.Memory] && m.MemoryMiB == 0 {
		misread("memory", fmt.Sprintf("%d MiB", DefaultMemoryMiB))
	}
	return found
}
