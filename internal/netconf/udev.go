package netconf

import (
	"regexp"
	"strings"
)

var (
	udevAddress = regexp.MustCompile(`ATTRS?\{address\}=="([0-9A-Fa-f:]+)"`)
	udevName    = regexp.MustCompile(`\bNAME="([^"]+)"`)
)

// UdevCards reads the rules that udev before 2015 made for each card it met.
func UdevCards(_, text string) []Card {
	var cards []Card
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		address, name := udevAddress.FindStringSubmatch(line), udevName.FindStringSubmatch(line)
		if address != nil && name != nil {
			// The file keeps cards that are long gone.
			cards = append(cards, Card{Name: name[1], MAC: strings.ToLower(address[1]), Idle: true})
		}
	}
	return cards
}
