package netconf

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// Address is one that a configuration file gives to an interface at boot, as it
// stands there and not by DHCP.
type Address struct {
	// Interface is a name, or "" for any card that the file is for.
	Interface string
	Address   netip.Addr
}

// addresses makes those of an interface of words that may be addresses, with or
// without the length of their prefix.
func addresses(name string, words ...string) []Address {
	var found []Address
	if isPattern(name) {
		name = ""
	}
	for _, word := range words {
		text, _, _ := strings.Cut(word, "/")
		if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" && !address.IsUnspecified() && !address.IsLoopback() {
			found = append(found, Address{Interface: name, Address: address})
		}
	}
	return found
}

// ifupdownAddresses reads interfaces(5): an alias has its address on the card.
func ifupdownAddresses(_, text string) []Address {
	started := ReadIfupdown(text).started
	var found []Address
	name, static := "", false
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case fields[0] == "iface" && len(fields) > 3:
			name, _, _ = strings.Cut(fields[1], ":")
			static = fields[3] == "static" && started[baseInterface(name)]
		case slices.Contains([]string{"iface", "auto", "mapping", "source", "source-directory"}, fields[0]) || strings.HasPrefix(fields[0], "allow-"):
			static = false
		case static && fields[0] == "address" && len(fields) > 1:
			found = append(found, addresses(name, fields[1])...)
		}
	}
	return found
}

// netplanAddresses reads netplan(5). An address is a text, or a mapping that has
// one for its key.
func netplanAddresses(_, text string) []Address {
	var found []Address
	eachNetplanInterface(text, func(y yamlDocument, kind string, entry *ast.MappingValueNode) {
		name := yamlText(entry.Key)
		if kind == "ethernets" {
			name = y.netplanCard(entry).name()
		}
		for _, item := range y.items(y.child(entry.Value, "addresses")) {
			word := y.text(item)
			for _, labelled := range y.entries(item) {
				word = yamlText(labelled.Key)
			}
			found = append(found, addresses(name, word)...)
		}
	})
	return found
}

// networkdAddresses reads systemd.network(5).
func networkdAddresses(_, text string) []Address {
	file := conf.ReadINI(text)
	words := append(file.Values("Network", "Address"), file.Values("Address", "Address")...)
	name := ""
	if names := MatchNames(file); len(names) == 1 {
		name = names[0]
	}
	return addresses(name, words...)
}

// keyfileAddress is a key of nm-settings-keyfile(5), whose values have gateways
// behind them: address1=10.0.0.5/24,10.0.0.1.
var keyfileAddress = regexp.MustCompile(`^address(?:es)?[0-9]*$`)

func keyfileAddresses(_, text string) []Address {
	file := conf.ReadINI(text)
	profile := ReadKeyfile(text)
	var found []Address
	if !profile.Starts {
		return nil
	}
	for _, line := range file {
		if (line.Section == "ipv4" || line.Section == "ipv6") && keyfileAddress.MatchString(line.Key) && file.Value(line.Section, "method") == "manual" {
			for _, entry := range strings.Split(line.Value, ";") {
				word, _, _ := strings.Cut(entry, ",")
				found = append(found, addresses(profile.Interface, strings.TrimSpace(word))...)
			}
		}
	}
	return found
}

// ifcfgAddressesRedHat: a file that is for any card is called like its connection.
func ifcfgAddressesRedHat(base, text string) []Address {
	found := ifcfgAddresses(base, text)
	if readIfcfgRedHat(base, text).AnyCard {
		for n := range found {
			found[n].Interface = ""
		}
	}
	return found
}

// ifcfgAddress are the settings of ifcfg files that have an address: RHEL numbers
// them, SUSE gives them a suffix, and IPv6 has its own on RHEL.
var ifcfgAddress = regexp.MustCompile(`^(?:IPADDR(?:[0-9]*|_\w+)|IPV6ADDR|IPV6ADDR_SECONDARIES)$`)

func ifcfgAddresses(base, text string) []Address {
	file := ReadIfcfg(base, text)
	set := ifcfgSettings(text)
	if !file.Starts || strings.HasPrefix(strings.ToLower(set["BOOTPROTO"]), "dhcp") {
		return nil
	}
	name, _, _ := strings.Cut(file.Name, ":")
	if match := ifcfgAlias.FindStringSubmatch(base); match != nil && set["DEVICE"] == "" {
		name = match[1] // of a range
	}
	var found []Address
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if ifcfgAddress.MatchString(key) {
			found = append(found, addresses(name, strings.Fields(set[key])...)...)
		}
	}
	return found
}
