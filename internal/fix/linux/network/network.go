// Package network lets the network cards of a guest keep their names, and with
// them their addresses.
package network

import (
	"fmt"
	"path"
	"regexp"
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
	files, err := networkFiles(e)
	if err != nil {
		return err
	}
	cards := mergeCards(files)
	if len(cards) > 1 {
		cards = slices.DeleteFunc(slices.Clone(cards), func(c netconf.Card) bool { return c.Idle })
		if len(cards) == 0 {
			cards = mergeCards(files)
		}
	}
	if len(cards) == 0 {
		warnNarrowWildcards(e, files)
		return nil
	}
	if len(cards) == 1 && len(described) < 2 {
		return keepOneCard(e, cards[0], files)
	}
	// A card that the guest does not configure must not take the name either.
	if err := learnAddresses(e, cards, described); err != nil {
		return err
	}
	if len(cards) == 1 && cards[0].MAC == "" {
		e.Warn(fmt.Sprintf("the old machine had %d network cards, and which of them the guest calls %s is not told: any card gets that name",
			len(described), cards[0].Name), "give the new machine a single network card, or name its cards in the guest by systemd .link files with [Match] MACAddress=")
		return keepOneCard(e, cards[0], files)
	}
	return keepCards(e, cards, described)
}

// networkFile is one file of a netconf.Format.
type networkFile struct {
	path, text string
	format     netconf.Format
	cards      []netconf.Card
}

// leftOver finds copies that administrators and package managers leave beside
// configuration.
var leftOver = regexp.MustCompile(`(~|\.(bak|orig|old|save|rpmnew|rpmorig|rpmsave|dpkg-[a-z]+|disabled))$`)

func networkFiles(e *edit.Editor) ([]networkFile, error) {
	virtual, err := networkdVirtual(e)
	if err != nil {
		return nil, err
	}
	var files []networkFile
	for _, format := range netconf.Formats {
		for _, directory := range format.Directories {
			paths, err := e.List(directory, format.Pattern)
			if err != nil {
				return nil, err
			}
			for _, name := range paths {
				base := path.Base(name)
				if leftOver.MatchString(base) || strings.Contains(base, ownMark) {
					continue
				}
				text, ok, err := e.Read(name)
				if err != nil {
					return nil, err
				}
				if !ok {
					continue
				}
				cards := slices.DeleteFunc(format.Cards(base, text), func(c netconf.Card) bool {
					return c.Name != "" && (!isPhysicalName(c.Name) || virtual[c.Name])
				})
				files = append(files, networkFile{name, text, format, cards})
			}
		}
	}
	return files, nil
}

// ownMark is in the names of files that this package writes.
const ownMark = "-hyper2kvm-"

var (
	interfaceName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,14}$`)
	virtualName   = regexp.MustCompile(`^(lo|bond[0-9]*|team[0-9]*|br[0-9]*|br-.*|virbr.*|docker.*|veth.*|vnet[0-9]+|tun[0-9]*|tap[0-9]*|wg[0-9]*|vlan[0-9]*|dummy[0-9]*|ppp[0-9]*|sit[0-9]*|gre[0-9]*|wl.*|ww.*|ib[0-9]+)$`)
)

// isPhysicalName tells the names that network cards have from those of
// bridges, bonds, tunnels, VLANs and radios.
func isPhysicalName(name string) bool {
	return interfaceName.MatchString(name) && !virtualName.MatchString(name)
}

// mergeCards joins what the files say: a card is one name. Addresses without a
// name are cards of their own when no named card has them.
func mergeCards(files []networkFile) []netconf.Card {
	var named, nameless []netconf.Card
	for _, f := range files {
		for _, c := range f.cards {
			if c.Name == "" {
				nameless = append(nameless, c)
				continue
			}
			i := slices.IndexFunc(named, func(n netconf.Card) bool { return n.Name == c.Name })
			if i < 0 {
				named = append(named, c)
				continue
			}
			if named[i].MAC == "" {
				named[i].MAC = c.MAC
			}
			named[i].Idle = named[i].Idle && c.Idle
		}
	}
	nameless = slices.DeleteFunc(nameless, func(c netconf.Card) bool {
		return c.MAC != "" && slices.ContainsFunc(named, func(n netconf.Card) bool { return n.MAC == c.MAC })
	})
	if len(named) == 1 && named[0].MAC == "" && len(nameless) == 1 {
		// There is no other card that the address could belong to.
		named[0].MAC = nameless[0].MAC
		return named
	}
	for _, c := range nameless {
		if !slices.Contains(named, c) {
			named = append(named, c)
		}
	}
	return named
}

// keepOneCard gives the guest's only card its name on any hardware.
func keepOneCard(e *edit.Editor, card netconf.Card, files []networkFile) error {
	for _, f := range files {
		if strings.HasPrefix(f.path, "/etc/udev/rules.d/") {
			if len(f.cards) == 0 {
				continue
			}
			if err := e.Remove(f.path, "forget the old machine's network cards"); err != nil {
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
		text := f.format.Unpin(path.Base(f.path), f.text, card.Name)
		if err := e.Write(f.path, text, 0o600, "apply to the new machine's network card"); err != nil {
			return err
		}
	}
	if card.Name == "" {
		return nil
	}
	return writeNaming(e, card.Name, "", "keep the network card's name "+card.Name)
}

// keepCards ties the names of several cards to their hardware addresses, and
// says which the new machine's cards must have.
func keepCards(e *edit.Editor, cards []netconf.Card, described []report.NIC) error {
	var known, unknown []string
	for _, c := range cards {
		switch {
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
		e.Warn("the machine has several network cards, which are told apart by their hardware addresses: "+strings.Join(known, ", "),
			"give the new machine's network cards these addresses, each on its own network (with libvirt, mac = { address = ... } of an interface)")
	}
	if len(unknown) > 0 {
		others := ""
		if list := describeNICs(described); list != "" {
			others = "; the old machine had " + list
		}
		e.Warn("the machine has several network cards, and nothing tells the hardware addresses of "+strings.Join(unknown, ", ")+others+
			": they get other names on the new machine, and their addresses are not configured",
			"look the addresses up in the guest (ip link) and write, before the migration, a file /etc/systemd/network/10-NAME.link for each card, "+
				"with [Match] MACAddress= and [Link] Name=; or correct the guest's network configuration on its console after the first boot")
	}
	return nil
}

// warnNarrowWildcards tells of configuration that the new names may not match.
func warnNarrowWildcards(e *edit.Editor, files []networkFile) {
	for _, f := range files {
		if f.format.Wildcards == nil {
			continue
		}
		for _, pattern := range f.format.Wildcards(f.text) {
			q35, _ := path.Match(pattern, "enp1s0")
			i440fx, _ := path.Match(pattern, "ens3")
			if strings.HasPrefix(pattern, "e") && !strings.HasPrefix(pattern, "eth") && q35 != i440fx {
				e.Warn(fmt.Sprintf("%s is for network cards called %s, which the new machine's may not be", f.path, pattern),
					"let it match e*")
			}
		}
	}
}

// networkdVirtual lists the devices that systemd-networkd makes.
func networkdVirtual(e *edit.Editor) (map[string]bool, error) {
	files, err := e.List("/etc/systemd/network", "*.netdev")
	if err != nil {
		return nil, err
	}
	virtual := map[string]bool{}
	for _, file := range files {
		text, _, err := e.Read(file)
		if err != nil {
			return nil, err
		}
		virtual[netconf.NetdevName(text)] = true
	}
	return virtual, nil
}
