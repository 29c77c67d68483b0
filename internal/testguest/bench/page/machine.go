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

// where describes the machine, as a list.
func (m measured) where() string {
	machine, others := m.machine()
	var versions []string
	for _, name := range slices.Sorted(maps.Keys(machine.Versions)) {
		versions = append(versions, name+" "+machine.Versions[name])
	}
	how := "works"
	if machine.Acceleration == "tcg" {
		how = "does not work: the appliance of libguestfs runs emulated (TCG), ours and virt-v2v's alike"
	}
	lines := []string{
		fmt.Sprintf("%s, %d processors, %s of memory", machine.CPU, machine.Cores, gibibytes(float64(machine.MemoryBytes))),
		fmt.Sprintf("%s, Linux %s; KVM %s", machine.System, machine.Kernel, how),
		strings.Join(versions, ", "),
	}
	if machine.Commit != "" {
		lines = append(lines, "the engine of commit "+machine.Commit)
	}
	if len(others) > 0 {
		lines = append(lines, "**on another machine or with another build of the engine: "+strings.Join(others, ", ")+"**")
	}
	return "- " + strings.Join(lines, "\n- ") + "\n"
}
