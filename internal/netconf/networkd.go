package netconf

import (
	"path"
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
	return asked(file, "Name")
}

// asked are the patterns of matchList without those that exclude.
func asked(file conf.INI, key string) []string {
	return slices.DeleteFunc(matchList(file, key), func(pattern string) bool { return strings.HasPrefix(pattern, "!") })
}

// matchList are the patterns of a key of [Match]. An exclamation mark before the first
// of a line is for all of that line: here each has its own.
func matchList(file conf.INI, key string) (patterns []string) {
	for _, value := range file.Values("Match", key) {
		if value == "" {
			patterns = nil
		}
		value, not := strings.CutPrefix(value, "!")
		for _, pattern := range strings.Fields(value) {
			if not {
				pattern = "!" + pattern
			}
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// meets reports whether one of the values is admitted by the patterns of matchList:
// by none of those that exclude, and by one of the others, if there are others.
func meets(patterns []string, values ...string) bool {
	return slices.ContainsFunc(values, func(value string) bool {
		met, wanted := false, false
		for _, pattern := range patterns {
			pattern, not := strings.CutPrefix(pattern, "!")
			matched, _ := path.Match(pattern, value)
			if matched && not {
				return false
			}
			met, wanted = met || matched, wanted || !not
		}
		return met || !wanted
	})
}

// networkdOverlays are what a .network file lays over the interface that it
// matches, which is then a port or a parent of it.
var networkdOverlays = []string{"Bridge", "Bond", "VLAN", "MACVLAN", "MACVTAP", "IPVLAN", "IPVTAP", "VXLAN", "VRF", "BatmanAdvanced", "MACsec", "IPoIB"}

func readNetworkd(_, text string) Found {
	file, bad := conf.ParseINI(text)
	if !file.Has("Match") {
		if len(bad) > 0 {
			return Found{Invalid: "it is no file of systemd-networkd"}
		}
		return Found{}
	}
	var found Found
	names, mac := MatchNames(file), matchAddress(file)
	if len(asked(file, "Kind")) > 0 || !meets(matchList(file, "Type"), "ether") {
		for _, name := range names {
			if !isPattern(name) {
				found.Virtual = append(found.Virtual, name)
			}
		}
		return found
	}
	port := slices.ContainsFunc(networkdOverlays, func(key string) bool { return file.Value("Network", key) != "" })
	told := port || hasHardwareKey(file) || slices.Contains(asked(file, "Type"), "ether")
	if len(names) == 0 {
		if hasHardwareKey(file) {
			found.Cards = []Card{{MAC: mac}}
		} else {
			found.AnyCard = true
		}
		return found
	}
	if hasHardwareKey(file) && !slices.ContainsFunc(names, func(name string) bool { return !isPattern(name) }) {
		found.Cards = []Card{{MAC: mac}}
		return found
	}
	for _, name := range names {
		if isPattern(name) {
			found.AnyCard = true
			continue
		}
		found.Cards = append(found.Cards, Card{Name: name, MAC: mac, Doubtful: !told && !IsCardName(name)})
	}
	return found
}

func readNetdev(_, text string) Found {
	if name := NetdevName(text); name != "" {
		return Found{Virtual: []string{name}}
	}
	return Found{}
}

func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

func hasHardwareKey(file conf.INI) bool {
	return slices.ContainsFunc(hardwareKeys, func(key string) bool { return len(asked(file, key)) > 0 })
}

// MatchesHardware reports whether the [Match] section of one of networkd's files
// tells cards of one machine.
func MatchesHardware(text string) bool { return hasHardwareKey(conf.ReadINI(text)) }

// foreignKeys are those of [Match] that a card of the new machine need not meet.
var foreignKeys = []string{
	"Host", "Virtualization", "KernelCommandLine", "KernelVersion", "Architecture", "Credential", "Firmware", "Property", "Kind",
	"MACAddress", "PermanentMACAddress",
}

// slot is how udev calls the place of a card of the new machine.
const slot = "pci-0000:01:00.0"

// LinkForAnyCard returns what a .link file sets, but for names, if it is for
// whatever card there is: udev applies the first file that matches and no other.
func LinkForAnyCard(text string) (settings []string, ok bool) {
	file := conf.ReadINI(text)
	foreign := func(key string) bool { return len(asked(file, key)) > 0 }
	if !file.Has("Match") || slices.ContainsFunc(foreignKeys, foreign) {
		return nil, false
	}
	for key, values := range map[string][]string{
		"Type": {"ether"}, "Driver": {"virtio_net"}, "Path": {slot}, "OriginalName": {"eth0", "enp1s0", "ens3"},
	} {
		if !meets(matchList(file, key), values...) {
			return nil, false
		}
	}
	for _, l := range file {
		if l.Section == "Link" && l.Key != "" && l.Key != "Name" && l.Key != "NamePolicy" {
			settings = append(settings, l.Key+"="+l.Value)
		}
	}
	return settings, true
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

func networkdWildcards(text string) []Wildcards {
	names := MatchNames(conf.ReadINI(text))
	if !slices.ContainsFunc(names, isPattern) {
		return nil
	}
	return []Wildcards{{Patterns: names}}
}

// unpinNetworkd matches by name what was matched by hardware. Addresses and
// DHCP settings stay as they are.
func unpinNetworkd(_, text, name string) (string, error) {
	file := conf.ReadINI(text)
	if !hasHardwareKey(file) {
		return text, nil
	}
	instead := ""
	if file.Value("Match", "Name") == "" {
		instead = "Name=" + name
		if name == "" {
			instead = "Name=en* eth*"
		}
	}
	return file.Without("Match", hardwareKeys, instead).String(), nil
}

func meantInNetworkd(was, is *conf.Entry) bool {
	key, ok := strings.CutPrefix(entryKey(was, is), "Match.")
	return ok && (key == "Name" || is == nil && slices.Contains(hardwareKeys, key))
}

// LinkName is the name that a .link file gives to the cards that it matches, or
// "".
func LinkName(text string) string { return conf.ReadINI(text).Value("Link", "Name") }

// LinkAddress is the one hardware address that a .link file is for, or "".
func LinkAddress(text string) string { return matchAddress(conf.ReadINI(text)) }

func readLink(_, text string) Found {
	file := conf.ReadINI(text)
	name := LinkName(text)
	if name == "" || !hasHardwareKey(file) {
		return Found{}
	}
	return Found{Cards: []Card{{Name: name, MAC: matchAddress(file), Idle: true}}}
}

// NetdevName is the name of the device that a .netdev file makes.
func NetdevName(text string) string { return conf.ReadINI(text).Value("NetDev", "Name") }
