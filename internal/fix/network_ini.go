package fix

import (
	"slices"
	"strings"
)

// iniLine is one line of a file with [sections], as systemd and NetworkManager
// write them. Comments and blank lines have neither section head nor key.
type iniLine struct {
	text       string // with its line end
	section    string // that it is in; of a head, its own
	key, value string
}

func iniLines(text string) []iniLine {
	var lines []iniLine
	section := ""
	for line := range strings.Lines(text) {
		l := iniLine{text: line}
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "", trimmed[0] == '#', trimmed[0] == ';':
		case trimmed[0] == '[':
			section = strings.Trim(trimmed, "[]")
		default:
			key, value, _ := strings.Cut(trimmed, "=")
			l.key, l.value = strings.TrimSpace(key), strings.TrimSpace(value)
		}
		l.section = section
		lines = append(lines, l)
	}
	return lines
}

// iniValues returns all values of a key, in order.
func iniValues(lines []iniLine, section, key string) []string {
	var values []string
	for _, l := range lines {
		if l.section == section && l.key == key {
			values = append(values, l.value)
		}
	}
	return values
}

func iniValue(lines []iniLine, section, key string) string {
	if values := iniValues(lines, section, key); len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// dropKeys removes keys of one section; instead, if not "", takes the place of
// the first.
func dropKeys(lines []iniLine, section string, keys []string, instead string) string {
	var out strings.Builder
	for _, l := range lines {
		if l.section != section || l.key == "" || !slices.Contains(keys, l.key) {
			out.WriteString(l.text)
			continue
		}
		if instead != "" {
			out.WriteString(instead + "\n")
			instead = ""
		}
	}
	return out.String()
}

// hardwareKeys are what the [Match] section of networkd's files tells cards of
// one machine by.
var hardwareKeys = []string{"MACAddress", "PermanentMACAddress", "Path", "Driver"}

// networkdCards reads a .network file.
func networkdCards(_, text string) []nic {
	lines := iniLines(text)
	mac := networkdAddress(lines)
	if slices.ContainsFunc(iniValues(lines, "Match", "Type"), func(t string) bool { return t != "ether" }) {
		return nil
	}
	names := strings.Fields(iniValue(lines, "Match", "Name"))
	if len(names) == 0 && (mac != "" || hasHardwareKey(lines)) {
		return []nic{{mac: mac}}
	}
	var cards []nic
	for _, name := range names {
		if !strings.ContainsAny(name, "*?[!") {
			cards = append(cards, nic{name: name, mac: mac})
		}
	}
	return cards
}

func hasHardwareKey(lines []iniLine) bool {
	return slices.ContainsFunc(hardwareKeys, func(key string) bool { return iniValue(lines, "Match", key) != "" })
}

// networkdAddress returns the hardware address of a [Match] section, if it is
// one.
func networkdAddress(lines []iniLine) string {
	for _, key := range []string{"MACAddress", "PermanentMACAddress"} {
		if addresses := strings.Fields(iniValue(lines, "Match", key)); len(addresses) == 1 {
			return strings.ToLower(strings.ReplaceAll(addresses[0], "-", ":"))
		}
	}
	return ""
}

func networkdWildcards(text string) []string {
	return wildcardsOf(strings.Fields(iniValue(iniLines(text), "Match", "Name")))
}

func wildcardsOf(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.ContainsAny(name, "*?[") })
}

// unpinNetworkd matches by name what was matched by hardware. Addresses and
// DHCP settings stay as they are.
func unpinNetworkd(_, text, name string) string {
	lines := iniLines(text)
	if !hasHardwareKey(lines) {
		return text
	}
	instead := ""
	if iniValue(lines, "Match", "Name") == "" {
		instead = "Name=" + name
		if name == "" {
			instead = "Name=en* eth*"
		}
	}
	return dropKeys(lines, "Match", hardwareKeys, instead)
}

// linkCards reads a .link file: the name that it gives to an address.
func linkCards(_, text string) []nic {
	lines := iniLines(text)
	name, mac := iniValue(lines, "Link", "Name"), networkdAddress(lines)
	if name == "" || mac == "" {
		return nil
	}
	return []nic{{name: name, mac: mac, idle: true}}
}

// networkdVirtual lists the devices that systemd-networkd makes.
func (r *run) networkdVirtual() (map[string]bool, error) {
	files, err := r.list("/etc/systemd/network", "*.netdev")
	if err != nil {
		return nil, err
	}
	virtual := map[string]bool{}
	for _, file := range files {
		text, _, err := r.read(file)
		if err != nil {
			return nil, err
		}
		virtual[iniValue(iniLines(text), "NetDev", "Name")] = true
	}
	return virtual, nil
}

// keyfileCards reads a NetworkManager keyfile of an Ethernet connection.
func keyfileCards(_, text string) []nic {
	lines := iniLines(text)
	switch iniValue(lines, "connection", "type") {
	case "ethernet", "802-3-ethernet":
	default:
		return nil
	}
	name := iniValue(lines, "connection", "interface-name")
	mac := iniValue(lines, "ethernet", "mac-address")
	if mac == "" {
		mac = iniValue(lines, "802-3-ethernet", "mac-address")
	}
	if name == "" && mac == "" && iniValue(lines, "match", "path") == "" && iniValue(lines, "match", "driver") == "" {
		return nil
	}
	return []nic{{name: name, mac: strings.ToLower(mac), idle: iniValue(lines, "connection", "autoconnect") == "false"}}
}

// unpinKeyfile lets a connection apply to its interface name alone or, without
// one, to any Ethernet card.
func unpinKeyfile(_, text, _ string) string {
	for _, section := range []string{"ethernet", "802-3-ethernet"} {
		text = dropKeys(iniLines(text), section, []string{"mac-address"}, "")
	}
	return dropKeys(iniLines(text), "match", []string{"path", "driver"}, "")
}
