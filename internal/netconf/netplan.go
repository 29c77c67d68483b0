package netconf

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// Netplan is what must be known of a file of netplan(5).
type Netplan struct {
	Renderer string // "networkd", "NetworkManager" or ""
	// Interfaces are the names under ethernets, bonds and so on, sorted; Named
	// are those of ethernets that stand for the card of that name.
	Interfaces, Named []string
	virtual           []string // those that are not under ethernets
	cards             []netplanCard
}

// netplanCard is an entry of network.ethernets.
type netplanCard struct {
	id, setName string
	match       map[string]*ast.MappingValueNode
	hasMatch    bool
	// passed are keys of the profile that NetworkManager gets without netplan's reading
	// them: "connection.interface-name".
	passed   map[string]*ast.MappingValueNode
	document yamlDocument
}

// ReadNetplan reads a netplan file. ok is false where it is no YAML: netplan
// cannot read it either.
func ReadNetplan(text string) (n Netplan, ok bool) {
	file, err := parseYAML(text)
	if err != nil {
		return n, false
	}
	for _, document := range file.Docs {
		y := newYAML(document)
		for _, kind := range y.entries(y.child(document.Body, "network")) {
			name := yamlText(kind.Key)
			if name == "renderer" {
				n.Renderer = yamlText(kind.Value)
			}
			for _, entry := range y.entries(kind.Value) {
				id := yamlText(entry.Key)
				n.Interfaces = append(n.Interfaces, id)
				switch name {
				case "ethernets":
					n.cards = append(n.cards, y.netplanCard(entry))
				case "openvswitch": // settings of the switch itself
				default:
					n.virtual = append(n.virtual, id)
				}
			}
		}
	}
	for _, c := range n.cards {
		if !c.hasMatch {
			n.Named = append(n.Named, c.id)
		}
	}
	slices.Sort(n.Interfaces)
	slices.Sort(n.Named)
	return n, true
}

// eachNetplanInterface calls do for every interface of a netplan file, with the
// section that it is in.
func eachNetplanInterface(text string, do func(y yamlDocument, kind string, entry *ast.MappingValueNode)) {
	file, err := parseYAML(text)
	if err != nil {
		return
	}
	for _, document := range file.Docs {
		y := newYAML(document)
		for _, kind := range y.entries(y.child(document.Body, "network")) {
			for _, entry := range y.entries(kind.Value) {
				do(y, yamlText(kind.Key), entry)
			}
		}
	}
}

func (y yamlDocument) netplanCard(entry *ast.MappingValueNode) netplanCard {
	c := netplanCard{
		id: yamlText(entry.Key), setName: y.text(y.child(entry.Value, "set-name")),
		match: map[string]*ast.MappingValueNode{}, passed: map[string]*ast.MappingValueNode{}, document: y,
	}
	for _, p := range y.entries(y.child(y.child(entry.Value, "networkmanager"), "passthrough")) {
		c.passed[yamlText(p.Key)] = p
	}
	match := y.child(entry.Value, "match")
	for _, m := range y.entries(match) {
		c.match[yamlText(m.Key)] = m
	}
	_, isNull := match.(*ast.NullNode)
	c.hasMatch = match != nil && !isNull
	return c
}

// matched is the scalar that a key of match has.
func (c netplanCard) matched(key string) string {
	entry, ok := c.match[key]
	if !ok {
		return ""
	}
	return c.document.text(entry.Value)
}

// passedText is the scalar of the first of some keys that NetworkManager gets.
func (c netplanCard) passedText(keys ...string) string {
	for _, key := range keys {
		if entry, ok := c.passed[key]; ok {
			return c.document.text(entry.Value)
		}
	}
	return ""
}

// address is the MAC address that tells the card.
func (c netplanCard) address() string {
	if mac := hardwareAddress(c.matched("macaddress")); mac != "" {
		return mac
	}
	return hardwareAddress(c.passedText(passedAddresses...))
}

func netplanEthernets(text string) []netplanCard {
	file, _ := ReadNetplan(text)
	return file.cards
}

// name is what the card is called, "" where only a pattern or its hardware
// tells.
func (c netplanCard) name() string {
	if name, _ := matchedName(c.passedText("connection.interface-name"), strings.Split(c.passedText("match.interface-name"), ";")); name != "" {
		return name // it comes last in the profile
	}
	switch {
	case c.setName != "":
		return c.setName
	case !c.hasMatch:
		return c.id
	}
	if name := c.matched("name"); name != "" {
		if isPattern(name) {
			return ""
		}
		return name
	}
	// The id is free text then, but is mostly the name.
	if IsCardName(c.id) {
		return c.id
	}
	return ""
}

// netplanPins are the keys of match that tell cards of one machine.
var netplanPins = []string{"macaddress", "driver"}

// passedAddresses and passedPins are the same of what NetworkManager gets.
var (
	passedAddresses = []string{"ethernet.mac-address", "802-3-ethernet.mac-address"}
	passedPins      = append([]string{"match.path", "match.driver"}, passedAddresses...)
)

func (c netplanCard) pinned() bool {
	return slices.ContainsFunc(netplanPins, func(key string) bool { return c.match[key] != nil }) ||
		slices.ContainsFunc(passedPins, func(key string) bool { return c.passed[key] != nil })
}

func readNetplan(_, text string) Found {
	file, ok := ReadNetplan(text)
	if !ok {
		if err := conf.CheckYAML(text); err != nil {
			return Found{Invalid: err.Error()}
		}
		return Found{Invalid: "it is no valid YAML"}
	}
	found := Found{Virtual: file.virtual}
	for _, c := range file.cards {
		name := c.name()
		if name != "" || c.pinned() {
			found.Cards = append(found.Cards, Card{Name: name, MAC: c.address()})
		} else if c.hasMatch {
			found.AnyCard = true
		}
	}
	return found
}

func netplanWildcards(text string) []Wildcards {
	var found []Wildcards
	for _, c := range netplanEthernets(text) {
		if name := c.matched("name"); isPattern(name) && !c.pinned() {
			found = append(found, Wildcards{Patterns: []string{name}})
		}
	}
	return found
}
