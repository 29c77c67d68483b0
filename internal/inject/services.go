package inject

import (
	"fmt"
	"slices"
	"strings"
)

// planServices plans what starts at boot. What is to be off comes first, so
// that an alias it held is free.
func planServices(p *plan, o Options) error {
	for _, name := range o.Services.Disable {
		p.disableService(name)
	}
	for _, name := range o.Services.Mask {
		p.maskService(name)
	}
	for _, name := range o.Services.Enable {
		p.enableService(name)
	}
	return nil
}

// findUnit looks for a systemd unit of that name or alias.
func (p *plan) findUnit(name string) (unit, bool) {
	if p.units == nil {
		return unit{}, false
	}
	name = withSuffix(name)
	if found, ok := p.units.find(name); ok {
		return found, true
	}
	if p.hasInitScript(scriptOf(name)) {
		return unit{}, false // the search for aliases reads every unit
	}
	return p.units.byAlias(name)
}

// scriptOf is the init script's name of a service.
func scriptOf(name string) string { return strings.TrimSuffix(name, ".service") }

func (p *plan) hasInitScript(name string) bool {
	return p.exists("/etc/init.d/"+name) && !p.isDirectory("/etc/init.d/"+name)
}

func (p *plan) enableService(name string) {
	found, ok := p.findUnit(name)
	switch {
	case ok:
		p.units.enable(found, "")
	case p.hasInitScript(scriptOf(name)):
		p.enableScript(scriptOf(name))
	default:
		p.warnUnknown(name, "enable")
	}
}

func (p *plan) disableService(name string) {
	found, ok := p.findUnit(name)
	switch {
	case ok:
		var section install
		if !found.Masked {
			section = p.units.install(found)
		}
		p.units.disable(found.Name, section)
	case p.hasInitScript(scriptOf(name)):
		p.disableScript(scriptOf(name))
	case p.units != nil && len(p.units.links(withSuffix(name))) > 0:
		p.units.disable(withSuffix(name), install{}) // the unit is gone, its links are not
	case p.services[name]: // it was there when the guest was looked at first
	default:
		p.warnUnknown(name, "disable")
		return
	}
	p.services[name] = true
}

func (p *plan) maskService(name string) {
	found, ok := p.findUnit(name)
	switch {
	case ok:
		p.units.mask(found)
	case p.hasInitScript(scriptOf(name)) && p.units != nil:
		p.units.mask(unit{Name: withSuffix(name)})
	case p.hasInitScript(scriptOf(name)):
		p.disableScript(scriptOf(name))
		p.warn(fmt.Sprintf("service %q was disabled: the guest has no systemd, which alone can mask", name), "")
	default:
		p.warnUnknown(name, "mask")
	}
}

// warnUnknown says that the guest has no such service, with names that may be
// meant.
func (p *plan) warnUnknown(name, verb string) {
	var names []string
	if p.units != nil {
		for _, unit := range p.units.names() {
			names = append(names, scriptOf(unit))
		}
	}
	for _, script := range p.list("/etc/init.d") {
		if p.hasInitScript(script) && !slices.Contains(names, script) {
			names = append(names, script)
		}
	}
	p.warn(fmt.Sprintf("the guest has no service %q to %s%s", name, verb, suggestion(scriptOf(name), names)),
		"check the name, and that the package is installed in the guest")
}
