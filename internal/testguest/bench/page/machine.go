package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// machine is that of the first section, and those that were measured elsewhere
// or with another engine.
func (m measured) machine() (first results.Machine, others []string) {
	begun := false
	for _, name := range results.Sections {
		section := m[name]
		switch {
		case section == nil:
		case !begun:
			first, begun = section.Machine, true
		case !first.Same(section.Machine):
			others = append(others, name)
		}
	}
	return first, others
}

// where describes the machine in a sentence or two.
func (m measured) where() string {
	machine, others := m.machine()
	var versions []string
	for _, name := range slices.Sorted(maps.Keys(machine.Versions)) {
		versions = append(versions, name+" "+machine.Versions[name])
	}
	how := "with KVM"
	if machine.Acceleration == "tcg" {
		how = "without usable KVM, so that the appliance of libguestfs runs emulated (TCG), ours and virt-v2v's alike"
	}
	text := fmt.Sprintf("%s, %d processors, %s of memory, %s, Linux %s, %s; %s.",
		machine.CPU, machine.Cores, gibibytes(float64(machine.MemoryBytes)), machine.System, machine.Kernel, how, strings.Join(versions, ", "))
	if machine.Commit != "" {
		text += " The engine is that of commit " + machine.Commit + "."
	}
	if len(others) > 0 {
		text += " **On another machine or with another build of the engine: " + strings.Join(others, ", ") + ".**"
	}
	return text
}
