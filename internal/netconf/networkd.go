package netconf

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// hardwareKeys are what the [Match] section of networkd's files tells cards of
// one machine by.
var hardwareKeys = []string{"MACAddress", "PermanentMACAddress", "Path", "Driver"}

// NetworkdCards reads a .network file.
func NetworkdCards(_, text string) []Card {
	lines := conf.ReadINI(text)
	mac := networkdAddress(lines)
	if slices.ContainsFunc(lines.Values("Match", "Type"), func(t string) bool { return t != "ether" }) {
		return nil
	}
	names := lines.Words("Match", "Name")
	if len(names) == 0 && (mac != "" || hasHardwareKey(lines)) {
		return []Card{{MAC: mac}}
	}
	var cards []Card
	for _, name := range names {
		if !strings.ContainsAny(name, "*?[!") {
			cards = append(cards, Card{Name: name, MAC: mac})
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

func NetworkdWildcards(text string) []string {
	return wildcardsOf(conf.ReadINI(text).Words("Match", "Name"))
}

func wildcardsOf(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.ContainsAny(name, "*?[") })
}

// UnpinNetworkd matches by name what was matched by hardware. Addresses and
// DHCP settings stay as they are.
func UnpinNetworkd(_, text, name string) string {
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

// LinkCards reads a .link file: the name that it gives to an address.
func LinkCards(_, text string) []Card {
	lines := conf.ReadINI(text)
	name, mac := lines.Value("Link", "Name"), networkdAddress(lines)
	if name == "" || mac == "" {
		return nil
	}
	return []Card{{Name: name, MAC: mac, Idle: true}}
}
