package netconf

import (
	"slices"
	"strings"
)

// Ifupdown is an interfaces(5) file.
type Ifupdown struct {
	// Auto are the interfaces that are brought up at boot, Hotplug those that
	// are when the kernel finds them.
	Auto, Hotplug []string
	names         []string        // of all interfaces, without alias and VLAN
	started       map[string]bool // by name: brought up without being asked for
	virtual       map[string]bool // by name: a bridge, a bond or a VLAN
	told          map[string]bool // by name: something lies on it
	ports         []string        // what something lies on
	sources       []string
	mapped        bool              // a script tells the configurations of cards
	logical       map[string]bool   // by name: a configuration that a card is given, and no card
	addresses     map[string]string // by name: of the card that is renamed to it
	patterns      []Wildcards       // of cards that it is for
	unmet         []string          // what ties it to the old machine's cards
}

// ReadIfupdown reads an interfaces file.
func ReadIfupdown(text string) Ifupdown {
	i := Ifupdown{started: map[string]bool{}, virtual: map[string]bool{}, told: map[string]bool{}, logical: map[string]bool{}, addresses: map[string]string{}}
	current := ""
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		switch key := strings.ReplaceAll(fields[0], "_", "-"); {
		case key == "auto", strings.HasPrefix(key, "allow-"):
			i.start(key, fields[1:])
		case key == "source":
			i.sources = append(i.sources, fields[1:]...)
		case key == "source-directory":
			for _, directory := range fields[1:] {
				i.sources = append(i.sources, strings.TrimSuffix(directory, "/")+"/*")
			}
		case key == "iface":
			current = fields[1]
			i.configure(current, fields[2:])
		case key == "mapping":
			current = ""
			i.start(key, fields[1:])
			i.mapped = true
		case key == "template":
			current = ""
			i.logical[fields[1]] = true
		case key == "rename":
			i.rename(fields[1:])
			if len(fields) > 3 && !slices.Contains(cardMethods, fields[3]) {
				i.virtual[current] = true
			}
		case current != "":
			i.option(current, key, fields[1:])
		}
	}
	return i
}

// cardMethods are the methods of interfaces(5) that a network card can have.
// The others make interfaces: ppp, tunnel, v4tunnel, 6to4, loopback, wvdial.
var cardMethods = []string{"static", "manual", "dhcp", "bootp", "auto", "link-local", "ipv4ll", "inherits"}

// belowKeys name the interfaces that the one at hand lies on.
var belowKeys = []string{
	"bridge-ports", "bond-slaves", "slaves", "vlan-raw-device", "ovs-ports", "ovs-bonds", "vxlan-physdev", "tunnel-physdev",
	"macvlan-parent", "macvlan-device", "ipvlan-parent", "link-parent", "raw-device", "vrrp-interface", "batman-ifaces",
}

// virtualPrefixes begin options that only virtual interfaces have.
var virtualPrefixes = []string{"bridge-", "bond-", "vxlan-", "tunnel-", "macvlan-", "ipvlan-", "wireguard-", "vrf-table", "vlan-", "batman-", "veth-", "tunctl", "openvpn", "ovs-bonds", "ovs-tunnel-", "endpoint", "provider"}

// cardOptions begin like those, and stand at a card that is a port.
var cardOptions = []string{"bond-master", "bond-primary", "bridge-access", "bridge-vids", "bridge-pvid", "bridge-allow-untagged", "bridge-learning", "vlan-id-none"}

func (i *Ifupdown) option(current, key string, values []string) {
	below := slices.Contains(belowKeys, key)
	switch {
	case below:
		// The VLAN ens192.100 would be the card ens192 without its number.
		if key != "vlan-raw-device" || !strings.Contains(current, ".") {
			i.virtual[current] = true
		}
		for _, name := range portNames(i.portPatterns(values)...) {
			i.names, i.ports = append(i.names, name), append(i.ports, name)
			i.started[name] = true
		}
	case slices.Contains(cardOptions, key):
		i.told[current] = true
		if key == "bond-master" {
			i.virtual[values[0]] = true
		}
	case key == "ovs-type":
		if values[0] == "OVSPort" {
			i.told[current] = true
		} else {
			i.virtual[current] = true
		}
	case key == "link-type" || key == "type":
		i.virtual[current] = i.virtual[current] || values[0] != "ether"
	case key == "pre-up", key == "up", key == "post-up":
		i.command(current, values)
	case slices.ContainsFunc(virtualPrefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) && !strings.Contains(current, "."):
		i.virtual[current] = true
	}
}

// command looks at what is run when an interface comes up: it may make the
// interface, or name the card below it.
func (i *Ifupdown) command(current string, words []string) {
	line := " " + strings.Join(words, " ") + " "
	for _, maker := range []string{"ip link add", "ip tunnel add", "ip tuntap add", "tunctl", "brctl addbr", "mktun", "ovs-vsctl", "vconfig add", "wg-quick"} {
		if strings.Contains(line, maker) && (strings.Contains(line, current+" ") || strings.Contains(line, "IFACE")) {
			i.virtual[current] = true
		}
	}
	for n, word := range words {
		previous := ""
		if n > 0 {
			previous = words[n-1]
		}
		if IsCardName(word) && slices.Contains([]string{"dev", "set", "link", "ifconfig", "ethtool", "-s", "-K"}, strings.TrimPrefix(previous[strings.LastIndexByte(previous, '/')+1:], "/")) {
			i.ports = append(i.ports, word)
		}
	}
}

// start notes cards that are brought up. CARD=CONFIGURATION gives a card the stanza of
// another name; a card may be told by a pattern or by its address.
func (i *Ifupdown) start(key string, words []string) {
	for _, word := range words {
		name, logical, given := strings.Cut(word, "=")
		if given && logical != name {
			i.logical[logical] = true
		}
		switch pattern, _, counted := strings.Cut(strings.TrimPrefix(name, "/"), "/"); {
		case pattern == "mac" && counted:
			i.unmet = append(i.unmet, key+" "+word)
		case isPattern(name):
			i.patterns = append(i.patterns, Wildcards{Patterns: []string{pattern}})
		case strings.HasPrefix(name, "/"):
		default:
			if key != "mapping" {
				i.started[baseInterface(name)] = true
			}
			if given || key == "mapping" {
				i.names = append(i.names, baseInterface(name))
			}
		}
	}
	switch key {
	case "auto", "allow-auto":
		i.Auto = append(i.Auto, words...)
	case "allow-hotplug":
		i.Hotplug = append(i.Hotplug, words...)
	}
}

// configure reads the first line of a stanza, behind its name.
func (i *Ifupdown) configure(name string, words []string) {
	if pattern, ok := strings.CutPrefix(name, "/"); ok && isPattern(pattern) {
		pattern, _, _ = strings.Cut(pattern, "/")
		i.patterns = append(i.patterns, Wildcards{Patterns: []string{pattern}})
	}
	i.names = append(i.names, baseInterface(name))
	if n := slices.Index(words, "inherits"); n >= 0 {
		for _, template := range words[n+1:] {
			i.logical[template] = true
		}
	}
}

// rename reads what ifupdown is to call cards: mac/00:50:56:00:00:01=lan.
func (i *Ifupdown) rename(words []string) {
	for _, word := range words {
		card, name, ok := strings.Cut(word, "=")
		if mac, byAddress := strings.CutPrefix(card, "mac/"); ok && byAddress {
			i.addresses[name] = hardwareAddress(mac)
			i.told[name] = true
		}
	}
}

// isLogical reports whether a stanza is one that cards are given, and no card.
func (i *Ifupdown) isLogical(name string) bool {
	return !i.started[name] && (i.logical[name] || i.mapped && !IsCardName(name))
}

// portPatterns takes regular expressions and patterns out of the values of
// bridge_ports, as bridge-utils-interfaces(5) and ifupdown2 have them.
func (i *Ifupdown) portPatterns(values []string) (names []string) {
	kind := ""
	var regular []string
	for _, value := range values {
		switch {
		case value == "regex" || value == "glob":
			kind = value
		case value == "noregex":
			kind = ""
		case kind == "regex":
			regular = append(regular, value)
		case kind == "glob":
			i.patterns = append(i.patterns, Wildcards{Patterns: []string{value}})
		default:
			names = append(names, value)
		}
	}
	if len(regular) > 0 {
		i.patterns = append(i.patterns, Wildcards{Patterns: regular, Regular: true})
	}
	return names
}

func ifupdownWildcards(text string) []Wildcards {
	var found []Wildcards
	for _, w := range ReadIfupdown(text).patterns {
		if !slices.ContainsFunc(found, func(f Wildcards) bool { return f.String() == w.String() }) {
			found = append(found, w)
		}
	}
	return found
}

func unmetInIfupdown(text string) []string { return ReadIfupdown(text).unmet }

func readIfupdown(_, text string) Found {
	file := ReadIfupdown(text)
	found := Found{Ports: file.ports, Sources: file.sources, AnyCard: len(file.patterns)+len(file.unmet) > 0}
	started := func(name string) bool {
		return file.started[name] || slices.ContainsFunc(file.patterns, func(w Wildcards) bool { return w.match(name) })
	}
	for _, name := range file.names {
		if name == "lo" || file.virtual[name] || file.isLogical(name) {
			continue
		}
		if strings.ContainsAny(name, "*?/=") {
			found.AnyCard = true
			continue
		}
		told := IsCardName(name) || file.told[name] || slices.Contains(file.ports, name)
		found.Cards = append(found.Cards, Card{Name: name, MAC: file.addresses[name], Idle: !started(name), Doubtful: !told})
	}
	for name := range file.virtual {
		if name != "lo" {
			found.Virtual = append(found.Virtual, name)
		}
	}
	slices.Sort(found.Virtual)
	return found
}

// baseInterface strips an alias (eth0:1) or a VLAN (eth0.100).
func baseInterface(name string) string {
	if i := strings.IndexAny(name, ":."); i > 0 {
		return name[:i]
	}
	return name
}
