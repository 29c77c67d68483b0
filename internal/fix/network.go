package fix

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// nic is a network card as one configuration file knows it.
type nic struct {
	name string // "ens192", or "" where only the hardware address is told
	mac  string // lower case, or ""
	// idle is set for cards that the guest does not bring up by itself.
	idle bool
}

// networkFormat is one kind of network configuration.
type networkFormat struct {
	directories []string
	pattern     string // of base names
	// cards reads what a file says of physical cards.
	cards func(base, text string) []nic
	// unpin takes out what ties the file to the old machine's card and lets it
	// apply to the card called name; "" when no name is known. nil where a
	// file holds no such thing.
	unpin func(base, text, name string) string
	// wildcards lists the patterns of names that a file applies to.
	wildcards func(text string) []string
}

var networkFormats = []networkFormat{
	{[]string{"/etc/network"}, "interfaces", ifupdownCards, nil, nil},
	{[]string{"/etc/network/interfaces.d"}, "*", ifupdownCards, nil, nil},
	{[]string{"/etc/netplan", "/lib/netplan"}, "*.yaml", netplanCards, unpinNetplan, netplanWildcards},
	{[]string{"/etc/systemd/network"}, "*.network", networkdCards, unpinNetworkd, networkdWildcards},
	{[]string{"/etc/NetworkManager/system-connections"}, "*", keyfileCards, unpinKeyfile, nil},
	{[]string{"/etc/sysconfig/network-scripts", "/etc/sysconfig/network"}, "ifcfg-*", ifcfgCards, unpinIfcfg, nil},
	{[]string{"/etc/systemd/network"}, "*.link", linkCards, nil, nil},
	{[]string{"/etc/udev/rules.d"}, "*persistent-net*.rules", udevCards, nil, nil},
}

// fixNetwork lets the network card keep its name and with it its addresses.
// The name comes from the slot of the old machine (ens192), and would change
// with the slot. A machine with one card needs no more than a rule that gives
// any card the old name; several are told apart by their hardware addresses.
func fixNetwork(_ context.Context, r *run) error {
	files, err := r.networkFiles()
	if err != nil {
		return err
	}
	cards := mergeCards(files)
	if len(cards) > 1 {
		cards = slices.DeleteFunc(slices.Clone(cards), func(c nic) bool { return c.idle })
		if len(cards) == 0 {
			cards = mergeCards(files)
		}
	}
	if len(cards) == 0 {
		r.warnNarrowWildcards(files)
		return nil
	}
	if len(cards) == 1 && len(r.target.NICs) < 2 {
		return r.keepOneCard(cards[0], files)
	}
	// A card that the guest does not configure must not take the name either.
	if err := r.learnAddresses(cards); err != nil {
		return err
	}
	if len(cards) == 1 && cards[0].mac == "" {
		r.warn(fmt.Sprintf("the old machine had %d network cards, and which of them the guest calls %s is not told: any card gets that name",
			len(r.target.NICs), cards[0].name), "give the new machine a single network card, or name its cards in the guest by systemd .link files with [Match] MACAddress=")
		return r.keepOneCard(cards[0], files)
	}
	return r.keepCards(cards)
}

// networkFile is one file of a networkFormat.
type networkFile struct {
	path, text string
	format     networkFormat
	cards      []nic
}

// leftOver finds copies that administrators and package managers leave beside
// configuration.
var leftOver = regexp.MustCompile(`(~|\.(bak|orig|old|save|rpmnew|rpmorig|rpmsave|dpkg-[a-z]+|disabled))$`)

func (r *run) networkFiles() ([]networkFile, error) {
	virtual, err := r.networkdVirtual()
	if err != nil {
		return nil, err
	}
	var files []networkFile
	for _, format := range networkFormats {
		for _, directory := range format.directories {
			paths, err := r.list(directory, format.pattern)
			if err != nil {
				return nil, err
			}
			for _, name := range paths {
				base := path.Base(name)
				if leftOver.MatchString(base) || strings.Contains(base, ownMark) {
					continue
				}
				text, ok, err := r.read(name)
				if err != nil {
					return nil, err
				}
				if !ok {
					continue
				}
				cards := slices.DeleteFunc(format.cards(base, text), func(c nic) bool {
					return c.name != "" && (!isPhysicalName(c.name) || virtual[c.name])
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
func mergeCards(files []networkFile) []nic {
	var named, nameless []nic
	for _, f := range files {
		for _, c := range f.cards {
			if c.name == "" {
				nameless = append(nameless, c)
				continue
			}
			i := slices.IndexFunc(named, func(n nic) bool { return n.name == c.name })
			if i < 0 {
				named = append(named, c)
				continue
			}
			if named[i].mac == "" {
				named[i].mac = c.mac
			}
			named[i].idle = named[i].idle && c.idle
		}
	}
	nameless = slices.DeleteFunc(nameless, func(c nic) bool {
		return c.mac != "" && slices.ContainsFunc(named, func(n nic) bool { return n.mac == c.mac })
	})
	if len(named) == 1 && named[0].mac == "" && len(nameless) == 1 {
		// There is no other card that the address could belong to.
		named[0].mac = nameless[0].mac
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
func (r *run) keepOneCard(card nic, files []networkFile) error {
	for _, f := range files {
		if strings.HasPrefix(f.path, "/etc/udev/rules.d/") {
			if len(f.cards) == 0 {
				continue
			}
			if err := r.remove(f.path, "forget the old machine's network cards"); err != nil {
				return err
			}
			continue
		}
		if f.format.unpin == nil {
			continue
		}
		if !slices.ContainsFunc(f.cards, func(c nic) bool { return c.name == card.name || c.name == "" }) {
			continue
		}
		text := f.format.unpin(path.Base(f.path), f.text, card.name)
		if err := r.write(f.path, text, 0o600, "apply to the new machine's network card"); err != nil {
			return err
		}
	}
	if card.name == "" {
		return nil
	}
	return r.writeNaming(card.name, "", "keep the network card's name "+card.name)
}

// keepCards ties the names of several cards to their hardware addresses, and
// says which the new machine's cards must have.
func (r *run) keepCards(cards []nic) error {
	var known, unknown []string
	for _, c := range cards {
		switch {
		case c.name == "":
			known = append(known, c.mac)
		case c.mac == "":
			unknown = append(unknown, c.name)
		default:
			known = append(known, c.name+"="+c.mac)
			if err := r.writeNaming(c.name, c.mac, "keep the network card's name "+c.name); err != nil {
				return err
			}
		}
	}
	if len(known) > 0 {
		r.warn("the machine has several network cards, which are told apart by their hardware addresses: "+strings.Join(known, ", "),
			"give the new machine's network cards these addresses, each on its own network (with libvirt, mac = { address = ... } of an interface)")
	}
	if len(unknown) > 0 {
		described := ""
		if list := describeNICs(r.target.NICs); list != "" {
			described = "; the old machine had " + list
		}
		r.warn("the machine has several network cards, and nothing tells the hardware addresses of "+strings.Join(unknown, ", ")+described+
			": they get other names on the new machine, and their addresses are not configured",
			"look the addresses up in the guest (ip link) and write, before the migration, a file /etc/systemd/network/10-NAME.link for each card, "+
				"with [Match] MACAddress= and [Link] Name=; or correct the guest's network configuration on its console after the first boot")
	}
	return nil
}

// warnNarrowWildcards tells of configuration that the new names may not match.
func (r *run) warnNarrowWildcards(files []networkFile) {
	for _, f := range files {
		if f.format.wildcards == nil {
			continue
		}
		for _, pattern := range f.format.wildcards(f.text) {
			q35, _ := path.Match(pattern, "enp1s0")
			i440fx, _ := path.Match(pattern, "ens3")
			if strings.HasPrefix(pattern, "e") && !strings.HasPrefix(pattern, "eth") && q35 != i440fx {
				r.warn(fmt.Sprintf("%s is for network cards called %s, which the new machine's may not be", f.path, pattern),
					"let it match e*")
			}
		}
	}
}
