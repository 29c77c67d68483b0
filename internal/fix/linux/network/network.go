// Package network lets the network cards of a guest keep their names, and with
// them their addresses.
package network

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Fix lets the network card keep its name and with it its addresses.
// The name comes from the slot of the old machine (ens192), and would change
// with the slot. A machine with one card needs no more than a rule that gives
// any card the old name; several are told apart by their hardware addresses.
// described are the old machine's cards, where its description is known.
func Fix(e *edit.Editor, described []report.NIC) error {
	files, err := networkFiles(e.Reader)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.found.Invalid != "" {
			e.Warn(report.ConcernFileNotRead, fmt.Sprintf("%s was not read: %s", f.path, f.found.Invalid),
				"check it in the guest before the migration: a network card that it configures may have another name on the new machine")
		}
	}
	foreign, err := readForeign(e.Reader)
	if err != nil {
		return err
	}
	boot, err := readBootCards(e.Reader)
	if err != nil {
		return err
	}
	leases, err := readLeases(e.Reader)
	if err != nil {
		return err
	}
	judge(files, slices.Concat(slices.Sorted(maps.Keys(leases)), foreign.names(), boot.names(), givenNames(described)))
	cards := mergeCards(files, len(described) > 1)
	for _, name := range append(foreign.names(), boot.names()...) {
		if isPossibleCard(name) && !slices.ContainsFunc(cards, func(c netconf.Card) bool { return c.Name == name }) && !isMade(files, name) {
			cards = append(cards, netconf.Card{Name: name})
		}
	}
	cards = addGiven(cards, files, described)
	if len(cards) > 1 {
		started := slices.DeleteFunc(slices.Clone(cards), func(c netconf.Card) bool { return c.Idle })
		if len(started) > 0 {
			cards = started
		}
	}
	if err := keepNames(e, cards, files, leases, described); err != nil {
		return err
	}
	if err := keepEarly(e); err != nil {
		return err
	}
	if len(cards) > 1 || len(described) > 1 {
		warnAnyCard(e, files)
	}
	if err := warnUnmet(e, files); err != nil {
		return err
	}
	foreign.warn(e)
	boot.warn(e)
	return keepFromCloudInit(e, files)
}

func keepNames(e *edit.Editor, cards []netconf.Card, files []networkFile, leases map[string]lease, described []report.NIC) error {
	if len(cards) == 0 {
		warnNoCard(e, files)
		return warnNarrowWildcards(e, files)
	}
	if len(cards) == 1 && cards[0].Doubtful {
		e.Warn(report.ConcernCardDoubtful, fmt.Sprintf("nothing but its own configuration says that %s is a network card: the new machine's card gets that name", cards[0].Name),
			"if it is none, remove the file with "+ownMark+cards[0].Name+" in its name from the guest, and name the card in the guest's network configuration")
	}
	if len(cards) == 1 && len(described) < 2 {
		return keepOneCard(e, cards[0], files)
	}
	// A card that the guest does not configure must not take the name either.
	learnAddresses(cards, files, leases, described)
	if len(cards) == 1 && cards[0].MAC == "" {
		e.Warn(report.ConcernCardDoubtful, fmt.Sprintf("the old machine had %d network cards, and which of them the guest calls %s is not told: any card gets that name",
			len(described), cards[0].Name), "give the new machine a single network card, or name its cards in the guest by systemd .link files with [Match] MACAddress=")
		return keepOneCard(e, cards[0], files)
	}
	return keepCards(e, cards, described)
}

// isMade reports whether a file makes an interface of that name.
func isMade(files []networkFile, name string) bool {
	return slices.ContainsFunc(files, func(f networkFile) bool { return slices.Contains(f.found.Virtual, name) })
}

// warnNoCard: without a name nothing can be kept, and nothing need be where a
// file is for any card.
func warnNoCard(e *edit.Editor, files []networkFile) {
	if slices.ContainsFunc(files, func(f networkFile) bool { return f.found.AnyCard }) || managesByItself(e.Reader) {
		return
	}
	e.Warn(report.ConcernNoCard, "no network card was found in the guest's network configuration: whether the new machine's card gets its addresses is not known",
		"check how the guest configures its network: what it says of a card's name or MAC address must fit the new machine's card; "+
			"or give it a configuration by configuration.network")
}

// warnAnyCard tells of addresses that go to whichever of several cards comes first.
func warnAnyCard(e *edit.Editor, files []networkFile) {
	for _, f := range files {
		if !f.found.AnyCard || f.format.Addresses == nil {
			continue
		}
		var given []string
		for _, a := range f.format.Addresses(path.Base(f.path), f.text) {
			if a.Interface == "" {
				given = append(given, a.Address.String())
			}
		}
		if len(given) > 0 {
			e.Warn(report.ConcernCardDoubtful, fmt.Sprintf("%s gives %s to any network card, and the machine has several: which of them gets it may be another one on the new machine",
				f.path, strings.Join(given, ", ")), "name the card in that file, before the migration, or tell it by its hardware address there")
		}
	}
}

// keepOneCard gives the guest's only card its name on any hardware.
func keepOneCard(e *edit.Editor, card netconf.Card, files []networkFile) error {
	for _, f := range files {
		if f.persistentRules() {
			if len(f.found.Cards) == 0 {
				continue
			}
			if err := forgetCards(e, f); err != nil {
				return err
			}
			continue
		}
		if f.format.Unpin == nil {
			continue
		}
		if !slices.ContainsFunc(f.cards, func(c netconf.Card) bool { return c.Name == card.Name || c.Name == "" }) {
			continue
		}
		if err := unpin(e, f, card.Name); err != nil {
			return err
		}
	}
	if card.Name == "" {
		return warnNarrowWildcards(e, files)
	}
	return writeNaming(e, card.Name, "", "keep the network card's name "+card.Name)
}

// forgetCards takes the names of the old machine's cards out of udev's own file, and
// leaves what an administrator has written there.
func forgetCards(e *edit.Editor, f networkFile) error {
	const description = "forget the old machine's network cards"
	if rest := netconf.WithoutCardNames(f.text); rest != "" {
		if rest == f.text {
			return nil
		}
		return e.Write(f.path, rest, 0o644, description)
	}
	return e.Remove(f.path, description)
}

// unpin lets a file apply to the new machine's card, if what it says otherwise
// stays the same. Else it keeps its text, and a warning says so.
func unpin(e *edit.Editor, f networkFile, name string) error {
	text, err := f.format.Unpin(path.Base(f.path), f.text, name)
	if err == nil && text != f.text {
		err = edit.Check(f.path, f.text, text, f.format.Meant)
	}
	if err != nil {
		e.Warn(report.ConcernOldCard, fmt.Sprintf("%s is for the old machine's network card, and was left so: %v", f.path, err),
			"match the card by its name there, before the migration; or give the new machine's network card the MAC address of the old one")
		return nil
	}
	return e.Write(f.path, text, 0o600, "apply to the new machine's network card")
}

// keepCards ties the names of several cards to their hardware addresses, and
// says which the new machine's cards must have.
func keepCards(e *edit.Editor, cards []netconf.Card, described []report.NIC) error {
	var known, unknown []string
	for _, c := range cards {
		switch {
		case c.Name == "" && c.MAC == "": // warned of where its file is
		case c.Name == "":
			known = append(known, c.MAC)
		case c.MAC == "":
			unknown = append(unknown, c.Name)
		default:
			known = append(known, c.Name+"="+c.MAC)
			if err := writeNaming(e, c.Name, c.MAC, "keep the network card's name "+c.Name); err != nil {
				return err
			}
		}
	}
	if len(known) > 0 {
		e.Warn(report.ConcernCardMAC, "the machine has several network cards, which are told apart by their hardware addresses: "+strings.Join(known, ", "),
			"give the new machine's network cards these addresses, each on its own network (with libvirt, mac = { address = ... } of an interface)"+orderRemedy(cards))
	}
	if len(unknown) > 0 {
		others := ""
		if list := describeNICs(described); list != "" {
			others = "; the old machine had " + list
		}
		e.Warn(report.ConcernCardUnknown, "the machine has several network cards, and nothing tells the hardware addresses of "+strings.Join(unknown, ", ")+others+
			": they get other names on the new machine, and their addresses are not configured",
			"look the addresses up in the guest (ip link) and give them in source.nics, each with mac and name; or write, before the migration, "+
				"a file /etc/systemd/network/10-NAME.link for each card, with [Match] MACAddress= and [Link] Name=; or correct the guest's network configuration on its console after the first boot")
	}
	return nil
}

// warnNarrowWildcards tells of configuration that the new names may not match.
func warnNarrowWildcards(e *edit.Editor, files []networkFile) error {
	for _, f := range files {
		if f.format.Wildcards == nil {
			continue
		}
		text, _, err := e.Read(f.path) // without the pins that were taken out
		if err != nil {
			return err
		}
		for _, wildcards := range f.format.Wildcards(text) {
			if !wildcards.IsForOldCard() {
				continue
			}
			e.Warn(report.ConcernOldCard, fmt.Sprintf("%s is for network cards called %s, which the new machine's may not be", f.path, wildcards),
				"let it match e*")
		}
	}
	return nil
}
