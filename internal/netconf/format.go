// Package netconf reads what configuration of ifupdown, netplan, networkd,
// NetworkManager, ifcfg files and udev says of network cards.
package netconf

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"

// Format is one kind of network configuration.
type Format struct {
	Directories []string
	Pattern     string // of base names
	// Read reads what a file says of network cards.
	Read func(base, text string) Found
	// Unpin takes out what ties the file to the old machine's card and lets it
	// apply to the card called name; "" when no name is known. nil where a
	// file holds no such thing. An error says why the text stays as it was.
	Unpin func(base, text, name string) (string, error)
	// Meant reports whether Unpin is to change an entry of the file so.
	Meant func(was, is *conf.Entry) bool
	// Wildcards, if not nil, lists the patterns of names that a file applies to,
	// each with its alternatives.
	Wildcards func(text string) []Wildcards
	// Addresses, if not nil, reads the addresses that a file gives.
	Addresses func(base, text string) []Address
	// Unmet, if not nil, lists the conditions of a file that the new machine or its
	// card does not meet, and that Unpin leaves: the file is passed over then.
	Unmet func(text string) []string
}

// Formats are all kinds of network configuration in which a card has a name.
var Formats = []Format{
	{[]string{"/etc/network"}, "interfaces", readIfupdown, nil, nil, ifupdownWildcards, ifupdownAddresses, unmetInIfupdown},
	{[]string{"/etc/network/interfaces.d"}, "*", readIfupdown, nil, nil, ifupdownWildcards, ifupdownAddresses, unmetInIfupdown},
	{[]string{"/etc/netplan", "/lib/netplan"}, "*.yaml", readNetplan, unpinNetplan, meantInNetplan, netplanWildcards, netplanAddresses, unmetInNetplan},
	{[]string{"/etc/systemd/network"}, "*.network", readNetworkd, unpinNetworkd, meantInNetworkd, networkdWildcards, networkdAddresses, unmetInNetworkd},
	{[]string{"/etc/systemd/network"}, "*.netdev", readNetdev, nil, nil, nil, nil, unmetInNetworkd},
	{[]string{"/etc/NetworkManager/system-connections"}, "*", readKeyfile, unpinKeyfile, meantInKeyfile, keyfileWildcards, keyfileAddresses, unmetInKeyfile},
	{[]string{"/etc/sysconfig/network-scripts"}, "ifcfg-*", readIfcfgRedHat, unpinIfcfg, meantInIfcfg, ifcfgWildcards, ifcfgAddressesRedHat, unmetInIfcfg},
	{[]string{"/etc/sysconfig/network"}, "ifcfg-*", readIfcfgSUSE, unpinIfcfg, meantInIfcfg, nil, ifcfgAddresses, nil},
	{[]string{"/etc/systemd/network"}, "*.link", readLink, nil, nil, nil, nil, unmetInLink},
	{[]string{"/etc/udev/rules.d"}, "*.rules", readUdev, nil, nil, nil, nil, nil},
}

// entryKey is that of an entry as it was or is.
func entryKey(was, is *conf.Entry) string {
	if was == nil {
		return is.Key
	}
	return was.Key
}
