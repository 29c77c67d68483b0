package netconf

import "strings"

// IfupdownCards reads an interfaces file of ifupdown.
func IfupdownCards(_, text string) []Card {
	started := map[string]bool{}
	var names []string
	virtual := map[string]bool{}
	current := ""
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		switch key := strings.ReplaceAll(fields[0], "_", "-"); {
		case key == "auto", strings.HasPrefix(key, "allow-"):
			for _, name := range fields[1:] {
				started[baseInterface(name)] = true
			}
		case key == "iface":
			current = fields[1]
			names = append(names, baseInterface(current))
		case key == "bridge-ports", key == "bond-slaves", key == "slaves", key == "vlan-raw-device":
			if key != "vlan-raw-device" || !strings.Contains(current, ".") {
				virtual[current] = true
			}
			for _, name := range fields[1:] {
				if name != "none" && name != "all" && name != "regex" {
					names = append(names, baseInterface(name))
					started[baseInterface(name)] = true
				}
			}
		case strings.HasPrefix(key, "bond-"):
			if key != "bond-master" && key != "bond-primary" {
				virtual[current] = true
			}
		}
	}
	var cards []Card
	for _, name := range names {
		if !virtual[name] && !strings.ContainsAny(name, "*?/=") {
			cards = append(cards, Card{Name: name, Idle: !started[name]})
		}
	}
	return cards
}

// baseInterface strips an alias (eth0:1) or a VLAN (eth0.100).
func baseInterface(name string) string {
	if i := strings.IndexAny(name, ":."); i > 0 {
		return name[:i]
	}
	return name
}
