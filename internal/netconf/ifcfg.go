package netconf

import (
	"regexp"
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
// NetworkManager does, reads it by lines: then it need be no valid shell. Without
// DEVICE, Name is what the file's name says, which may be that of a connection.
func ReadIfcfg(base, text string) Ifcfg {
	set := ifcfgSettings(text)
	i := Ifcfg{Name: set["DEVICE"], MAC: hardwareAddress(set["HWADDR"]), Physical: isCard(set)}
	if i.Name == "" {
		i.Name, _ = matchedName("", strings.Fields(set["MATCH_INTERFACE_NAME"]))
	}
	if i.Name == "" {
		i.Name = strings.TrimPrefix(base, "ifcfg-")
	}
	i.Starts = !slices.Contains(ifcfgFalse, strings.ToLower(set["ONBOOT"])) && !slices.Contains([]string{"off", "manual"}, strings.ToLower(set["STARTMODE"]))
	return i
}

// ifcfgFalse are the words that RHEL's scripts and NetworkManager take for no, in
// lower case.
var ifcfgFalse = []string{"no", "n", "false", "f", "0", "off"}

func ifcfgSettings(text string) map[string]string {
	values, err := conf.ShellValues(text)
	if err != nil {
		return conf.Assignments(text)
	}
	set := map[string]string{}
	for _, v := range values {
		if v.Whole {
			set[v.Name] = text[v.Start:v.End]
		}
	}
	return set
}

// ifcfgVirtual are the settings that only virtual interfaces have, of both
// distributions.
var ifcfgVirtual = []string{
	"VLAN", "BRIDGE_PORTS", "BONDING_MASTER", "ETHERDEVICE", "TUNNEL", "BONDING_OPTS", "PHYSDEV", "OVS_BRIDGE_PORTS", "BOND_IFACES",
	"BONDING_SLAVE0", "BONDING_SLAVE_0", "BONDING_MODULE_OPTS", "TUNNEL_REMOTE_IPADDR", "MY_INNER_IPADDR", "PEER_OUTER_IPADDR", "MACVLAN_DEVICE",
	"IPVLAN_DEVICE", "TEAM_CONFIG", "TEAM_RUNNER", "TEAM_PORT_DEVICE_0", "TEAM_PORT_DEVICE_1", "PPPMODE", "PROVIDER", "DUMMY", "WIREGUARD", "VXLAN_ID", "VRF_TABLE",
}

// isCard goes by what the file itself says.
func isCard(set map[string]string) bool {
	switch strings.ToLower(set["TYPE"]) {
	case "", "ethernet", "ovsport":
	default:
		return false
	}
	for _, virtual := range ifcfgVirtual {
		if set[virtual] != "" && !strings.EqualFold(set[virtual], "no") {
			return false
		}
	}
	if strings.EqualFold(set["DEVICETYPE"], "team") {
		return false
	}
	return !strings.EqualFold(set["BRIDGE"], "yes") // SUSE; RHEL has the bridge's name there
}

// ifcfgParents are the settings that name the interfaces below.
var ifcfgParents = []string{"PHYSDEV", "ETHERDEVICE", "BRIDGE_PORTS", "BOND_IFACES", "ETH", "MACVLAN_DEVICE", "IPVLAN_DEVICE", "OVS_BRIDGE_PORTS"}

var ifcfgSlave = regexp.MustCompile(`^(BONDING_SLAVE_?|TEAM_PORT_DEVICE_|OVS_BRIDGE_PORT_DEVICE_?)[0-9]*$`)

// ifcfgAlias matches names of files for further addresses of a card.
var ifcfgAlias = regexp.MustCompile(`^ifcfg-(.+?)(-range[0-9]*|:.*)$`)

// readIfcfgRedHat: a file without DEVICE and HWADDR is for any card, and its
// name is that of the connection.
func readIfcfgRedHat(base, text string) Found {
	found, card, set := readIfcfg(base, text)
	if card == nil {
		return found
	}
	matched, patterns := matchedName(set["DEVICE"], strings.Fields(set["MATCH_INTERFACE_NAME"]))
	if matched == "" && (len(patterns) > 0 || !IsCardName(card.Name)) {
		card.Name = ""
		if card.MAC == "" {
			found.AnyCard = !card.Idle && set["MATCH_KERNEL_COMMAND_LINE"] == ""
			return found
		}
	}
	found.Cards = []Card{*card}
	return found
}

// readIfcfgSUSE: a file's name is the card's there.
func readIfcfgSUSE(base, text string) Found {
	found, card, _ := readIfcfg(base, text)
	if card != nil {
		found.Cards = []Card{*card}
	}
	return found
}

func readIfcfg(base, text string) (found Found, card *Card, set map[string]string) {
	set = ifcfgSettings(text)
	for _, key := range ifcfgParents {
		found.Ports = append(found.Ports, portNames(strings.Fields(set[key])...)...)
	}
	for key, value := range set {
		if ifcfgSlave.MatchString(key) {
			found.Ports = append(found.Ports, portNames(value)...)
		}
	}
	slices.Sort(found.Ports)
	i := ReadIfcfg(base, text)
	switch {
	case i.Name == "lo":
		return found, nil, set
	case ifcfgAlias.MatchString(base):
		return found, nil, set
	case strings.Contains(i.Name, ":"):
		return found, nil, set
	case set["PPPMODE"] != "" || set["PROVIDER"] != "": // SUSE: DEVICE is the card below
		found.Ports = append(found.Ports, portNames(set["DEVICE"])...)
		return found, nil, set
	case !i.Physical:
		found.Virtual = append(found.Virtual, i.Name)
		return found, nil, set
	}
	told := strings.EqualFold(set["TYPE"], "ethernet") || i.MAC != "" || IsCardName(i.Name) || strings.EqualFold(set["SLAVE"], "yes")
	for _, master := range []string{"MASTER", "BRIDGE", "OVS_BRIDGE", "TEAM_MASTER"} {
		told = told || set[master] != ""
		if set[master] != "" {
			found.Virtual = append(found.Virtual, set[master])
		}
	}
	return found, &Card{Name: i.Name, MAC: i.MAC, Idle: !i.Starts, Doubtful: !told}, set
}

func ifcfgWildcards(text string) []Wildcards {
	set := ifcfgSettings(text)
	if _, patterns := matchedName(set["DEVICE"], strings.Fields(set["MATCH_INTERFACE_NAME"])); len(patterns) > 0 {
		return []Wildcards{{Patterns: patterns}}
	}
	return nil
}

// unmetInIfcfg lists what NetworkManager matches a card of RHEL by, and unpinIfcfg
// leaves.
func unmetInIfcfg(text string) []string {
	set := ifcfgSettings(text)
	var unmet []string
	if drivers := strings.Fields(set["MATCH_DRIVER"]); len(drivers) > 0 && !strings.HasPrefix(drivers[0], "!") && !slices.ContainsFunc(drivers, isVirtioDriver) {
		unmet = append(unmet, "MATCH_DRIVER="+set["MATCH_DRIVER"])
	}
	if paths := set["MATCH_PATH"]; paths != "" && !strings.HasPrefix(paths, "!") {
		unmet = append(unmet, "MATCH_PATH="+paths)
	}
	return unmet
}

// unpinIfcfg takes out HWADDR. DEVICE then says which card is meant.
func unpinIfcfg(_, original, name string) (string, error) {
	text := emptySharedAddress(original)
	var out strings.Builder
	named := ifcfgSettings(text)["DEVICE"] != ""
	for line := range strings.Lines(text) {
		key := ifcfgKey(line)
		named = named || key == "DEVICE"
		if key != "HWADDR" || strings.HasPrefix(strings.TrimSpace(line), emptyAddress) {
			out.WriteString(line)
		}
	}
	fixed := out.String()
	if fixed == original || named || name == "" {
		return fixed, nil
	}
	if fixed != "" && !strings.HasSuffix(fixed, "\n") {
		fixed += "\n"
	}
	return fixed + "DEVICE=" + name + "\n", nil
}

// emptyAddress is what is left of HWADDR where its line has more.
const emptyAddress = `HWADDR=""`

// emptySharedAddress empties a HWADDR that shares its lines with something else:
// another assignment before or behind it, or a continued line.
func emptySharedAddress(text string) string {
	values, err := conf.ShellValues(text)
	if err != nil {
		return text
	}
	for _, v := range slices.Backward(values) {
		if v.Name != "HWADDR" || !v.Whole {
			continue
		}
		start := strings.LastIndex(text[:v.Start], "HWADDR=")
		end := v.End
		if end < len(text) && strings.ContainsRune(`"'`, rune(text[end])) && text[v.Start-1] == text[end] {
			end++
		}
		if start < 0 || v.Start == v.End {
			continue
		}
		before := text[strings.LastIndexByte(text[:start], '\n')+1 : start]
		behind, _, _ := strings.Cut(text[end:], "\n")
		behind = strings.TrimSpace(behind)
		before = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(before), "export"))
		if before == "" && !strings.Contains(text[start:end], "\n") && (behind == "" || behind[0] == '#') {
			continue
		}
		text = text[:start] + emptyAddress + text[end:]
	}
	return text
}

// ifcfgKey is the variable that a line assigns to.
func ifcfgKey(line string) string {
	key, _, _ := strings.Cut(strings.TrimSpace(line), "=")
	return strings.TrimSpace(strings.TrimPrefix(key, "export "))
}

func meantInIfcfg(was, is *conf.Entry) bool {
	return slices.Contains([]string{"HWADDR", "DEVICE"}, entryKey(was, is))
}
