package fix

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// hardwareKeys are what the [Match] section of networkd's files tells cards of
// one machine by.
var hardwareKeys = []string{"MACAddress", "PermanentMACAddress", "Path", "Driver"}

// networkdCards reads a .network file.
func networkdCards(_, text string) []nic {
	lines := conf.ReadINI(text)
	mac := networkdAddress(lines)
	if slices.ContainsFunc(lines.Values("Match", "Type"), func(t string) bool { return t != "ether" }) {
		return nil
	}
	names := lines.Words("Match", "Name")
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

func hasHardwareKey(lines conf.INI) bool {
	return slices.ContainsFunc(hardwareKeys, func(key string) bool { return lines.Value("Match", key) != "" })
}

// networkdAddress returns the hardware address of a [Match] section, if it is
// one.
func networkdAddress(lines conf.INI) string {
	for _, key := range []string{"MACAddress", "PermanentMACAddress"} {
		if addresses := lines.Words("Match", key); len(addresses) == 1 {
			return strings.ToLower(strings.ReplaceAll(addresses[0], "-", ":"))
		}
	}
	return ""
}

func networkdWildcards(text string) []string {
	return wildcardsOf(conf.ReadINI(text).Words("Match", "Name"))
}

func wildcardsOf(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.ContainsAny(name, "*?[") })
}

// unpinNetworkd matches by name what was matched by hardware. Addresses and
// DHCP settings stay as they are.
func unpinNetworkd(_, text, name string) string {
	lines := conf.ReadINI(text)
	if !hasHardwareKey(lines) {
		return text
	}
	instead := ""
	if lines.Value("Match", "Name") == "" {
		instead = "Name=" + name
		if name == "" {
			instead = "Name=en* eth*"
		}
	}
	return lines.Without("Match", hardwareKeys, instead).String()
}

// linkCards reads a .link file: the name that it gives to an address.
func linkCards(_, text string) []nic {
	lines := conf.ReadINI(text)
	name, mac := lines.Value("Link", "Name"), networkdAddress(lines)
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
		virtual[conf.ReadINI(text).Value("NetDev", "Name")] = true
	}
	return virtual, nil
}

// keyfileCards reads a NetworkManager keyfile of an Ethernet connection.
func keyfileCards(_, text string) []nic {
	lines := conf.ReadINI(text)
	switch lines.Value("connection", "type") {
	case "ethernet", "802-3-ethernet":
	default:
		return nil
	}
	name := lines.Value("connection", "interface-name")
	mac := lines.Value("ethernet", "mac-address")
	if mac == "" {
		mac = lines.Value("802-3-ethernet", "mac-address")
	}
	if name == "" && mac == "" && lines.Value("match", "path") == "" && lines.Value("match", "driver") == "" {
		return nil
	}
	return []nic{{name: name, mac: strings.ToLower(mac), idle: lines.Value("connection", "autoconnect") == "false"}}
}

// unpinKeyfile lets a connection apply to its interface name alone or, without
// one, to any Ethernet card.
func unpinKeyfile(_, text, _ string) string {
	lines := conf.ReadINI(text)
	for _, section := range []string{"ethernet", "802-3-ethernet"} {
		lines = lines.Without(section, []string{"mac-address"}, "")
	}
	return lines.Without("match", []string{"path", "driver"}, "").String()
}
