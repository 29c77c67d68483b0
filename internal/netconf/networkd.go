package netconf

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// hardwareKeys are what the [Match] section of networkd's files tells cards of
// one machine by.
var hardwareKeys = []string{"MACAddress", "PermanentMACAddress", "Path", "Driver"}

// MatchNames returns the names, which may be patterns, in the [Match] section
// of a .network file. None mean that it matches by other properties.
func MatchNames(file conf.INI) []string {
	return slices.DeleteFunc(file.Words("Match", "Name"), func(name string) bool { return strings.HasPrefix(name, "!") })
}

func networkdCards(_, text string) []Card {
	file := conf.ReadINI(text)
	mac := matchAddress(file)
	if slices.ContainsFunc(file.Words("Match", "Type"), func(t string) bool { return t != "ether" }) {
		return nil
	}
	names := MatchNames(file)
	if len(names) == 0 && (mac != "" || hasHardwareKey(file)) {
		return []Card{{MAC: mac}}
	}
	var cards []Card
	for _, name := range names {
		if !isPattern(name) {
			cards = append(cards, Card{Name: name, MAC: mac})
		}
	}
	return cards
}

func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

func hasHardwareKey(file conf.INI) bool {
	return slices.ContainsFunc(hardwareKeys, func(key string) bool { return file.Value("Match", key) != "" })
}

// matchAddress returns the hardware address of a [Match] section, if it is one.
func matchAddress(file conf.INI) string {
	for _, key := range []string{"MACAddress", "PermanentMACAddress"} {
		if addresses := file.Words("Match", key); len(addresses) == 1 {
			return hardwareAddress(addresses[0])
		}
	}
	return ""
}

func networkdWildcards(text string) []string {
	return slices.DeleteFunc(MatchNames(conf.ReadINI(text)), func(name string) bool { return !isPattern(name) })
}

// unpinNetworkd matches by name what was matched by hardware. Addresses and
// DHCP settings stay as they are.
func unpinNetworkd(_, text, name string) string {
	file := conf.ReadINI(text)
	if !hasHardwareKey(file) {
		return text
	}
	instead := ""
	if file.Value("Match", "Name") == "" {
		instead = "Name=" + name
		if name == "" {
			instead = "Name=en* eth*"
		}
	}
	return file.Without("Match", hardwareKeys, instead).String()
}

// LinkName is the name that a .link file gives to the cards that it matches, or
// "".
func LinkName(text string) string { return conf.ReadINI(text).Value("Link", "Name") }

func linkCards(_, text string) []Card {
	name, mac := LinkName(text), matchAddress(conf.ReadINI(text))
	if name == "" || mac == "" {
		return nil
	}
	return []Card{{Name: name, MAC: mac, Idle: true}}
}

// NetdevName is the name of the device that a .netdev file makes.
func NetdevName(text string) string { return conf.ReadINI(text).Value("NetDev", "Name") }
