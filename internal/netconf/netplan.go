package netconf

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

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

// netplanEthernets reads the cards of a netplan file. A file that is not YAML
// has none: netplan cannot read it either.
func netplanEthernets(text string) []netplanCard {
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return nil
	}
	var cards []netplanCard
	for _, document := range file.Docs {
		ethernets := yamlChild(yamlChild(document.Body, "network"), "ethernets")
		for _, entry := range yamlEntries(ethernets) {
			c := netplanCard{id: yamlText(entry.Key), match: map[string]netplanValue{}}
			if name := yamlChild(entry.Value, "set-name"); name != nil {
				c.setName = yamlText(name)
			}
			if match := yamlChild(entry.Value, "match"); match != nil {
				c.hasMatch = true
				for _, m := range yamlEntries(match) {
					c.match[yamlText(m.Key)] = netplanValue{yamlText(m.Value), m.Key.GetToken().Position.Line}
				}
			}
			cards = append(cards, c)
		}
	}
	return cards
}

func yamlEntries(node ast.Node) []*ast.MappingValueNode {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	case *ast.AnchorNode:
		return yamlEntries(n.Value)
	}
	return nil
}

func yamlChild(node ast.Node, key string) ast.Node {
	for _, entry := range yamlEntries(node) {
		if yamlText(entry.Key) == key {
			return entry.Value
		}
	}
	return nil
}

func yamlText(node ast.Node) string {
	if node == nil || node.GetToken() == nil {
		return ""
	}
	return node.GetToken().Value
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
		if strings.ContainsAny(name, "*?[") {
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

func NetplanCards(_, text string) []Card {
	var cards []Card
	for _, c := range netplanEthernets(text) {
		if name := c.name(); name != "" || c.pinned() {
			cards = append(cards, Card{Name: name, MAC: strings.ToLower(c.match["macaddress"].value)})
		}
	}
	return cards
}

func NetplanWildcards(text string) []string {
	var patterns []string
	for _, c := range netplanEthernets(text) {
		patterns = append(patterns, wildcardsOf([]string{c.match["name"].value})...)
	}
	return patterns
}

var netplanPin = regexp.MustCompile(`\b(macaddress|driver)\s*:\s*("[^"]*"|'[^']*'|[^\s,}#]+)`)

// UnpinNetplan matches by name what was matched by address or driver. The
// match itself stays: set-name is an error without it.
func UnpinNetplan(_, text, name string) string {
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
