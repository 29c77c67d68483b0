package netconf

import "strings"

// Ifupdown is an interfaces(5) file.
type Ifupdown struct {
	// Auto are the interfaces that are brought up at boot, Hotplug those that
	// are when the kernel finds them.
	Auto, Hotplug []string
	names         []string        // of all interfaces, without alias and VLAN
	started       map[string]bool // by name: brought up without being asked for
	virtual       map[string]bool // by name: a bridge, a bond or a VLAN
}

// ReadIfupdown reads an interfaces file.
func ReadIfupdown(text string) Ifupdown {
	i := Ifupdown{started: map[string]bool{}, virtual: map[string]bool{}}
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
		case key == "iface":
			current = fields[1]
			i.names = append(i.names, baseInterface(current))
		case key == "bridge-ports", key == "bond-slaves", key == "slaves", key == "vlan-raw-device":
			if key != "vlan-raw-device" || !strings.Contains(current, ".") {
				i.virtual[current] = true
			}
			for _, name := range fields[1:] {
				if name != "none" && name != "all" && name != "regex" {
					i.names = append(i.names, baseInterface(name))
					i.started[baseInterface(name)] = true
				}
			}
		case strings.HasPrefix(key, "bond-"):
			if key != "bond-master" && key != "bond-primary" {
				i.virtual[current] = true
			}
		}
	}
	return i
}

func (i *Ifupdown) start(key string, names []string) {
	for _, name := range names {
		i.started[baseInterface(name)] = true
	}
	switch key {
	case "auto", "allow-auto":
		i.Auto = append(i.Auto, names...)
	case "allow-hotplug":
		i.Hotplug = append(i.Hotplug, names...)
	}
}

func ifupdownCards(_, text string) []Card {
	file := ReadIfupdown(text)
	var cards []Card
	for _, name := range file.names {
		if !file.virtual[name] && !strings.ContainsAny(name, "*?/=") {
			cards = append(cards, Card{Name: name, Idle: !file.started[name]})
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
