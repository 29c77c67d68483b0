package inject

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// services are what starts at boot, by unit or by init script.
type services struct {
	plan    *plan
	units   *units // nil without systemd
	scripts *initScripts
	// disabled are those to disable that the guest has, or had when it was
	// looked at first: what a fix has removed since needs no disabling.
	disabled map[string]bool
}

func newServices(p *plan, disabled map[string]bool) *services {
	s := &services{plan: p, disabled: disabled}
	if p.exists("/usr/lib/systemd/systemd") || p.exists("/lib/systemd/systemd") {
		s.units = newUnits(p)
	}
	s.scripts = &initScripts{plan: p, systemd: s.units != nil}
	return s
}

// stage stages what starts at boot. What is to be off comes first, so that an
// alias it held is free.
func (s *services) stage(wanted *manifest.Services) {
	if wanted == nil {
		return
	}
	for _, name := range wanted.Disable {
		s.disable(name)
	}
	for _, name := range wanted.Mask {
		s.mask(name)
	}
	for _, name := range wanted.Enable {
		s.enable(name)
	}
}

// findUnit looks for a systemd unit of that name or alias.
func (s *services) findUnit(name string) (unit, bool) {
	if s.units == nil {
		return unit{}, false
	}
	name = withSuffix(name)
	if found, ok := s.units.find(name); ok {
		return found, true
	}
	if s.scripts.has(scriptOf(name)) {
		return unit{}, false // the search for aliases reads every unit
	}
	return s.units.byAlias(name)
}

// scriptOf is the init script's name of a service.
func scriptOf(name string) string { return strings.TrimSuffix(name, ".service") }

func (s *services) enable(name string) {
	found, ok := s.findUnit(name)
	switch {
	case ok:
		s.units.enable(found, "")
	case s.scripts.has(scriptOf(name)):
		s.scripts.enable(scriptOf(name))
	default:
		s.warnUnknown(name, "enable")
	}
}

func (s *services) disable(name string) {
	found, ok := s.findUnit(name)
	switch {
	case ok:
		var section install
		if !found.Masked {
			section = s.units.install(found)
		}
		s.units.disable(found.Name, section)
	case s.scripts.has(scriptOf(name)):
		s.scripts.disable(scriptOf(name))
	case s.units != nil && len(s.units.links(withSuffix(name))) > 0:
		s.units.disable(withSuffix(name), install{}) // the unit is gone, its links are not
	case s.disabled[name]: // it was there when the guest was looked at first
	default:
		s.warnUnknown(name, "disable")
		return
	}
	s.disabled[name] = true
}

func (s *services) mask(name string) {
	found, ok := s.findUnit(name)
	switch {
	case ok:
		s.units.mask(found)
	case s.scripts.has(scriptOf(name)) && s.units != nil:
		s.units.mask(unit{Name: withSuffix(name)})
	case s.scripts.has(scriptOf(name)):
		s.scripts.disable(scriptOf(name))
		s.plan.warn(report.ConcernServices, fmt.Sprintf("service %q was disabled: the guest has no systemd, which alone can mask", name),
			"list it under disable; to keep others from starting it, remove its script in the guest")
	default:
		s.warnUnknown(name, "mask")
	}
}

// warnUnknown says that the guest has no such service, with names that may be
// meant.
func (s *services) warnUnknown(name, verb string) {
	var names []string
	if s.units != nil {
		for _, unit := range s.units.names() {
			names = append(names, scriptOf(unit))
		}
	}
	for _, script := range s.scripts.names() {
		if !slices.Contains(names, script) {
			names = append(names, script)
		}
	}
	s.plan.warn(report.ConcernServices, fmt.Sprintf("the guest has no service %q to %s%s", name, verb, suggestion(scriptOf(name), names)),
		"check the name, and that the package is installed in the guest")
}

// starts reports whether a service starts at boot, by unit or by init script.
func (s *services) starts(service string) bool {
	if s.units != nil {
		if s.units.enabled(service) {
			return true
		}
		if _, ok := s.units.find(service); ok {
			return false // the unit replaces the script
		}
	}
	return s.scripts.starts(scriptOf(service))
}
