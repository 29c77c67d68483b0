package network

import (
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// givenNames are those that a person has told of the guest's cards.
func givenNames(described []report.NIC) []string {
	var names []string
	for _, n := range described {
		if n.GuestName != "" {
			names = append(names, n.GuestName)
		}
	}
	return names
}

// addGiven adds the cards that a person has named. One that the guest configures
// by its hardware address gets its name so; one that it does not configure at all
// has it kept like the others.
func addGiven(cards []netconf.Card, files []networkFile, described []report.NIC) []netconf.Card {
	for _, n := range described {
		if !interfaceName.MatchString(n.GuestName) || isMade(files, n.GuestName) || slices.ContainsFunc(cards, func(c netconf.Card) bool { return c.Name == n.GuestName }) {
			continue
		}
		if at := slices.IndexFunc(cards, func(c netconf.Card) bool { return c.Name == "" && c.MAC != "" && c.MAC == n.MAC }); at >= 0 {
			cards[at].Name = n.GuestName
			continue
		}
		cards = append(cards, netconf.Card{Name: n.GuestName, MAC: n.MAC})
	}
	return cards
}
