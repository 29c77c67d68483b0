package netconf

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// Address is an IP address that a file gives to an interface by its name.
type Address struct {
	Card string // without alias and VLAN
	IP   netip.Addr
}

// ParseIP reads an address as configuration has it: with a prefix, a gateway or
// neither behind it.
func ParseIP(text string) (netip.Addr, bool) {
	text = strings.Trim(strings.TrimSpace(text), `"'`)
	if end := strings.IndexAny(text, "/,; \t"); end >= 0 {
		text = text[:end]
	}
	ip, err := netip.ParseAddr(text)
	return ip.Unmap().WithZone(""), err == nil && !ip.IsUnspecified()
}

// addAddresses notes those of the texts that are addresses.
func (f *Found) addAddresses(card string, texts ...string) {
	if card == "" {
		return
	}
	for _, text := range texts {
		if ip, ok := ParseIP(text); ok {
			if a := (Address{baseInterface(card), ip}); !slices.Contains(f.Addresses, a) {
				f.Addresses = append(f.Addresses, a)
			}
		}
	}
}

// ifcfgAddress are the variables of ifcfg files that hold addresses of their own
// interface: those of RHEL have a number behind them, those of SUSE any ending.
var ifcfgAddress = regexp.MustCompile(`^(IPADDR[0-9]*|IPADDR_.+|IPADDR_START|IPV6ADDR|IPV6ADDR_SECONDARIES)$`)

// addIfcfgAddresses takes files of aliases, too, which name no card of their own.
func (f *Found) addIfcfgAddresses(base string, set map[string]string) {
	name := set["DEVICE"]
	if match := ifcfgAlias.FindStringSubmatch(base); match != nil && name == "" {
		name = match[1]
	}
	if name == "" {
		name = strings.TrimPrefix(base, "ifcfg-")
	}
	for key, value := range set {
		if ifcfgAddress.MatchString(key) {
			f.addAddresses(name, strings.Fields(value)...)
		}
	}
	slices.SortFunc(f.Addresses, func(a, b Address) int { return a.IP.Compare(b.IP) })
}

// keyfileAddress are the keys of a profile that hold addresses, with a number or
// without.
var keyfileAddress = regexp.MustCompile(`^address(es)?[0-9]*$`)

func (f *Found) addKeyfileAddresses(name string, file conf.INI) {
	for _, line := range file {
		if (line.Section == "ipv4" || line.Section == "ipv6") && keyfileAddress.MatchString(line.Key) {
			f.addAddresses(name, strings.Split(line.Value, ";")...) // several, in old profiles
		}
	}
}

func (f *Found) addNetworkdAddresses(names []string, file conf.INI) {
	if len(names) != 1 || isPattern(names[0]) {
		return
	}
	for _, section := range []string{"Network", "Address"} {
		f.addAddresses(names[0], file.Values(section, "Address")...)
	}
}

// netplanAddresses are the texts of a list of addresses, each of which may have
// options.
func (y yamlDocument) netplanAddresses(node ast.Node) []string {
	list, ok := y.resolved(node).(*ast.SequenceNode)
	if !ok {
		return nil
	}
	var texts []string
	for _, value := range list.Values {
		if text := y.text(value); text != "" {
			texts = append(texts, text)
			continue
		}
		for _, entry := range y.entries(value) {
			texts = append(texts, yamlText(entry.Key))
		}
	}
	return texts
}

// resolved is what an anchor or an alias stands for.
func (y yamlDocument) resolved(node ast.Node) ast.Node {
	for range maxDepth {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.AliasNode:
			node = y.anchors[yamlText(n.Value)]
		default:
			return node
		}
	}
	return nil
}
