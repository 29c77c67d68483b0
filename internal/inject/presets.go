package inject

import (
	"fmt"
	"slices"
	"strings"
)

// presetFile sorts before the distribution's: the first rule that matches a unit
// counts (systemd.preset(5)).
const presetFile = "/etc/systemd/system-preset/00-hyper2kvm.preset"

// planPresets stages rules for the units that were enabled and disabled, in a guest
// that takes its next boot for its first one ever (machine-id(5)): it applies its
// presets to all units then.
func planPresets(p *plan, u *units) {
	if u == nil || len(u.turnedOn)+len(u.turnedOff) == 0 {
		return
	}
	if id, ok, err := p.read("/etc/machine-id"); err != nil || ok && strings.TrimSpace(id) != "uninitialized" {
		return
	}
	p.writeText(presetFile, presetText(u.turnedOn, u.turnedOff), "the guest's first boot applies presets: keep what was enabled and disabled")
}

// presetText is those rules. Instances of a template have one rule together, and
// none can be disabled alone.
func presetText(enable, disable []string) string {
	var rules []string
	instances := map[string]string{}
	for _, name := range enable {
		if template, ok := templateOf(name); ok {
			_, instance, _, _ := splitUnit(name)
			instances[template] += " " + instance
			name = template
		}
		rules = append(rules, name)
	}
	text := "# Written by hyper2kvm: the units that its configuration enables and disables.\n"
	for _, name := range distinct(rules) {
		text += fmt.Sprintf("enable %s%s\n", name, instances[name])
	}
	rules = rules[:0]
	for _, name := range disable {
		if template, ok := templateOf(name); ok {
			name = template
		}
		rules = append(rules, name)
	}
	for _, name := range distinct(rules) {
		text += fmt.Sprintf("disable %s\n", name)
	}
	return text
}

// distinct are the names without those that were there before.
func distinct(names []string) []string {
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
