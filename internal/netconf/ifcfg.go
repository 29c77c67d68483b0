package netconf

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// IfcfgCards reads an ifcfg file of RHEL or SUSE.
func IfcfgCards(base, text string) []Card {
	values, err := conf.ShellValues(text)
	if err != nil {
		return nil
	}
	set := map[string]string{}
	for _, v := range values {
		if v.Whole {
			set[v.Name] = text[v.Start:v.End]
		}
	}
	switch strings.ToLower(set["TYPE"]) {
	case "", "ethernet":
	default:
		return nil
	}
	for _, virtual := range []string{"VLAN", "BRIDGE_PORTS", "BONDING_MASTER", "ETHERDEVICE", "TUNNEL", "BONDING_OPTS"} {
		if set[virtual] != "" && set[virtual] != "no" {
			return nil
		}
	}
	if strings.EqualFold(set["BRIDGE"], "yes") { // SUSE; RHEL has the bridge's name there
		return nil
	}
	name := set["DEVICE"]
	if name == "" {
		name = strings.TrimPrefix(base, "ifcfg-")
	}
	idle := strings.EqualFold(set["ONBOOT"], "no") ||
		slices.Contains([]string{"off", "manual"}, strings.ToLower(set["STARTMODE"]))
	return []Card{{Name: name, MAC: strings.ToLower(set["HWADDR"]), Idle: idle}}
}

// UnpinIfcfg takes out HWADDR. DEVICE then says which card is meant.
func UnpinIfcfg(_, text, name string) string {
	var out strings.Builder
	named := false
	for line := range strings.Lines(text) {
		key, _, _ := strings.Cut(strings.TrimSpace(line), "=")
		named = named || key == "DEVICE"
		if key != "HWADDR" {
			out.WriteString(line)
		}
	}
	fixed := out.String()
	if fixed == text || named || name == "" {
		return fixed
	}
	if !strings.HasSuffix(fixed, "\n") {
		fixed += "\n"
	}
	return fixed + "DEVICE=" + name + "\n"
}
