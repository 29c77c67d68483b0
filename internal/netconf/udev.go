package netconf

import (
	"regexp"
	"strings"
)

// UdevRule is a rule of udev(7) that names a device.
type UdevRule struct {
	Name string
	MAC  string // of the card that gets the name, lower case; or ""
	Net  bool   // the rule is for network cards and says so
}

var (
	udevAddress = regexp.MustCompile(`ATTRS?\{address\}=="([0-9A-Fa-f:]+)"`)
	udevName    = regexp.MustCompile(`\bNAME="([^"]+)"`)
)

// ReadUdevRules reads the rules of a file that name a device.
func ReadUdevRules(text string) []UdevRule {
	var rules []UdevRule
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		name := udevName.FindStringSubmatch(line)
		if name == nil || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		rule := UdevRule{Name: name[1], Net: strings.Contains(line, `SUBSYSTEM=="net"`)}
		if address := udevAddress.FindStringSubmatch(line); address != nil {
			rule.MAC = hardwareAddress(address[1])
		}
		rules = append(rules, rule)
	}
	return rules
}

// readUdev reads the rules that udev before 2015 made for each card it met, and
// those that administrators wrote.
func readUdev(_, text string) Found {
	var found Found
	for _, rule := range ReadUdevRules(text) {
		if rule.MAC != "" && !strings.ContainsAny(rule.Name, "/%$") {
			// The file keeps cards that are long gone.
			found.Cards = append(found.Cards, Card{Name: rule.Name, MAC: rule.MAC, Idle: true})
		}
	}
	return found
}
