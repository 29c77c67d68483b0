// Package netconf reads what configuration of ifupdown, netplan, networkd,
// NetworkManager, ifcfg files and udev says of network cards.
package netconf

// Format is one kind of network configuration.
type Format struct {
	Directories []string
	Pattern     string // of base names
	// Cards reads what a file says of physical cards.
	Cards func(base, text string) []Card
	// Unpin takes out what ties the file to the old machine's card and lets it
	// apply to the card called name; "" when no name is known. nil where a
	// file holds no such thing.
	Unpin func(base, text, name string) string
	// Wildcards, if not nil, lists the patterns of names that a file applies to.
	Wildcards func(text string) []string
}

// Formats are all kinds of network configuration in which a card has a name.
var Formats = []Format{
	{[]string{"/etc/network"}, "interfaces", ifupdownCards, nil, nil},
	{[]string{"/etc/network/interfaces.d"}, "*", ifupdownCards, nil, nil},
	{[]string{"/etc/netplan", "/lib/netplan"}, "*.yaml", netplanCards, unpinNetplan, netplanWildcards},
	{[]string{"/etc/systemd/network"}, "*.network", networkdCards, unpinNetworkd, networkdWildcards},
	{[]string{"/etc/NetworkManager/system-connections"}, "*", keyfileCards, unpinKeyfile, nil},
	{[]string{"/etc/sysconfig/network-scripts", "/etc/sysconfig/network"}, "ifcfg-*", ifcfgCards, unpinIfcfg, nil},
	{[]string{"/etc/systemd/network"}, "*.link", linkCards, nil, nil},
	{[]string{"/etc/udev/rules.d"}, "*persistent-net*.rules", udevCards, nil, nil},
}
