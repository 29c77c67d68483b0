package netconf

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Netplan is what must be known of a file of netplan(5).
type Netplan struct {
	Renderer string // "networkd", "NetworkManager" or ""
	// Interfaces are the names under ethernets, bonds and so on, sorted; Named
	// are those of ethernets that stand for the card of that name.
	Interfaces, Named []string
	cards             []netplanCard
}

// netplanCard is an entry of network.ethernets.
type netplanCard struct {
	id, setName string
	match       map[string]netplanValue
	hasMatch    bool
}

// netplanValue is a scalar and the line that its key is on, from 1.
type netplanValue struct {
	value string
	line  int
}

// ReadNetplan reads a netplan file. ok is false where it is no YAML: netplan
// cannot read it either.
func ReadNetplan(text string) (n Netplan, ok bool) {
	file, err := parser.ParseBytes([]byte(text), 0)
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
				n.Interfaces = append(n.Interfaces, yamlText(entry.Key))
				if name == "ethernets" {
					n.cards = append(n.cards, y.netplanCard(entry))
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

func (y yamlDocument) netplanCard(entry *ast.MappingValueNode) netplanCard {
	c := netplanCard{
		id: yamlText(entry.Key), setName: yamlText(y.child(entry.Value, "set-name")), match: map[string]netplanValue{},
	}
	match := y.child(entry.Value, "match")
	for _, m := range y.entries(match) {
		c.match[yamlText(m.Key)] = netplanValue{yamlText(m.Value), m.Key.GetToken().Position.Line}
	}
	_, isNull := match.(*ast.NullNode)
	c.hasMatch = match != nil && !isNull
	return c
}

func netplanEthernets(text string) []netplanCard {
	file, _ := ReadNetplan(text)
	return file.cards
}

// name is what the card is called, "" where only a pattern or its hardware
// tells.
func (c netplanCard) name() string {
	switch {
	case c.setName != "":
		return c.setName
	case !c.hasMatch:
		return c.id
	}
	if name := c.match["name"].value; name != "" {
		if isPattern(name) {
			return ""
		}
		return name
	}
	// The id is free text then, but is mostly the name.
	if predictableName.MatchString(c.id) {
		return c.id
	}
	return ""
}

var predictableName = regexp.MustCompile(`^(eth[0-9]+|en[osxp][0-9a-zA-Z]+|em[0-9]+)$`)

func (c netplanCard) pinned() bool {
	return c.match["macaddress"].value != "" || c.match["driver"].value != ""
}

func netplanCards(_, text string) []Card {
	var cards []Card
	for _, c := range netplanEthernets(text) {
		if name := c.name(); name != "" || c.pinned() {
			cards = append(cards, Card{Name: name, MAC: hardwareAddress(c.match["macaddress"].value)})
		}
	}
	return cards
}

func netplanWildcards(text string) []string {
	var patterns []string
	for _, c := range netplanEthernets(text) {
		if name := c.match["name"].value; isPattern(name) {
			patterns = append(patterns, name)
		}
	}
	return patterns
}

var netplanPin = regexp.MustCompile(`\b(macaddress|driver)\s*:\s*("[^"]*"|'[^']*'|[^\s,}#]+)`)

// unpinNetplan matches by name what was matched by address or driver. The
// match itself stays: set-name is an error without it.
func unpinNetplan(_, text, name string) string {
	lines := strings.SplitAfter(text, "\n")
	for _, c := range netplanEthernets(text) {
		own := c.name()
		if own != "" && own != name {
			continue
		}
		instead := own
		if instead == "" {
			instead = "e*"
		}
		if c.match["name"].value != "" {
			instead = ""
		}
		for _, key := range []string{"macaddress", "driver"} {
			pin := c.match[key]
			if pin.line == 0 || pin.line > len(lines) {
				continue
			}
			lines[pin.line-1] = replacePin(lines[pin.line-1], key, instead)
			instead = ""
		}
	}
	return strings.Join(lines, "")
}

// replacePin puts a name's match in the place of another, or nothing. The line
// may be a flow mapping with more on it.
func replacePin(line, key, name string) string {
	for _, at := range netplanPin.FindAllStringSubmatchIndex(line, -1) {
		if line[at[2]:at[3]] != key {
			continue
		}
		start, end := at[0], at[1]
		if name != "" {
			return line[:start] + `name: "` + name + `"` + line[end:]
		}
		if rest := strings.TrimSpace(line[:start] + line[end:]); rest == "" || strings.HasPrefix(rest, "#") {
			return ""
		}
		tail := strings.TrimLeft(line[end:], " ")
		if after, ok := strings.CutPrefix(tail, ","); ok {
			return line[:start] + strings.TrimLeft(after, " ")
		}
		return strings.TrimRight(strings.TrimRight(line[:start], " "), ",") + tail
	}
	return line
}
