package netconf

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// Ifcfg is an ifcfg file of RHEL or SUSE.
type Ifcfg struct {
	Name string
	MAC  string // as hardwareAddress writes it, or ""
	// Physical is set for network cards, and not for bridges, VLANs and their
	// like.
	Physical bool
	// Starts is set if it is brought up at boot.
	Starts bool
}

// ReadIfcfg reads an ifcfg file. Whoever uses it has the shell read it or, as
// NetworkManager does, reads it by lines: then it need be no valid shell.
func ReadIfcfg(base, text string) Ifcfg {
	set := map[string]string{}
	if values, err := conf.ShellValues(text); err == nil {
		for _, v := range values {
			if v.Whole {
				set[v.Name] = text[v.Start:v.End]
			}
		}
	} else {
		set = conf.Assignments(text)
	}
	i := Ifcfg{Name: set["DEVICE"], MAC: hardwareAddress(set["HWADDR"]), Physical: isCard(set)}
	if i.Name == "" {
		i.Name = strings.TrimPrefix(base, "ifcfg-")
	}
	i.Starts = !strings.EqualFold(set["ONBOOT"], "no") && !slices.Contains([]string{"off", "manual"}, strings.ToLower(set["STARTMODE"]))
	return i
}

func isCard(set map[string]string) bool {
	switch strings.ToLower(set["TYPE"]) {
	case "", "ethernet":
	default:
		return false
	}
	for _, virtual := range []string{"VLAN", "BRIDGE_PORTS", "BONDING_MASTER", "ETHERDEVICE", "TUNNEL", "BONDING_OPTS"} {
		if set[virtual] != "" && set[virtual] != "no" {
			return false
		}
	}
	return !strings.EqualFold(set["BRIDGE"], "yes") // SUSE; RHEL has the bridge's name there
}

func ifcfgCards(base, text string) []Card {
	i := ReadIfcfg(base, text)
	if !i.Physical {
		return nil
	}
	return []Card{{Name: i.Name, MAC: i.MAC, Idle: !i.Starts}}
}

// unpinIfcfg takes out HWADDR. DEVICE then says which card is meant.
func unpinIfcfg(_, text, name string) string {
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
