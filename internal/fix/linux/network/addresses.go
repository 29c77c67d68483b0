package network

import (
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// learnAddresses finds the hardware addresses of cards whose configuration does
// not tell them, the surest way first: by the names that a person has given, in
// what DHCP clients have kept, by the slots of the old machine's description, and
// by IP addresses that the guest and a person know a card by.
func learnAddresses(cards []netconf.Card, files []networkFile, leases map[string]lease, described []report.NIC) {
	known, gone := cardAddresses(files, leases), goneAddresses(described, len(cards))
	for _, by := range []func(name string) string{
		func(name string) string { return addressByName(name, described) },
		func(name string) string {
			if mac := leases[name].mac; !gone(mac) {
				return mac
			}
			return ""
		},
		func(name string) string { return addressBySlot(name, described) },
		func(name string) string { return addressByIP(name, known, described) },
	} {
		for i := range cards {
			if cards[i].MAC != "" || cards[i].Name == "" {
				continue
			}
			mac := by(cards[i].Name)
			if !slices.ContainsFunc(cards, func(c netconf.Card) bool { return c.Name != "" && c.MAC == mac }) {
				cards[i].MAC = mac
			}
		}
	}
	learnLastAddress(cards, described)
}

// goneAddresses tells the hardware addresses that no card of the old machine had in
// the end: a guest that was cloned keeps the leases of what it was cloned from, and one
// that gives its card another address has leases for that. Nothing tells them where
// fewer are described than the guest has cards, or an address is missing.
func goneAddresses(described []report.NIC, cards int) func(mac string) bool {
	complete := len(described) >= cards && !slices.ContainsFunc(described, func(n report.NIC) bool { return n.MAC == "" })
	return func(mac string) bool {
		return complete && !slices.ContainsFunc(described, func(n report.NIC) bool { return n.MAC == mac })
	}
}

func addressByName(name string, described []report.NIC) string {
	for _, n := range described {
		if n.GuestName == name {
			return n.MAC
		}
	}
	return ""
}

// cardAddresses are the IP addresses that the guest gives to each name, or that it
// was given for it. One that two names have tells nothing.
func cardAddresses(files []networkFile, leases map[string]lease) map[netip.Addr]string {
	known := map[netip.Addr]string{}
	add := func(name string, ip netip.Addr) {
		if other, taken := known[ip]; taken && other != name {
			name = ""
		}
		known[ip] = name
	}
	for _, f := range files {
		if f.format.Addresses == nil {
			continue
		}
		for _, a := range f.format.Addresses(path.Base(f.path), f.text) {
			if card, _, _ := strings.Cut(a.Interface, "."); card != "" {
				add(card, a.Address)
			}
		}
	}
	for name, l := range leases {
		if l.ip.IsValid() {
			add(name, l.ip)
		}
	}
	return known
}

// addressByIP is the hardware address of the one described card that has an IP
// address of the name.
func addressByIP(name string, known map[netip.Addr]string, described []report.NIC) string {
	found := ""
	for _, n := range described {
		for _, text := range n.Addresses {
			ip, ok := parseIP(text)
			if !ok || known[ip] != name || n.MAC == found {
				continue
			}
			if found != "" {
				return ""
			}
			found = n.MAC
		}
	}
	return found
}

// parseIP reads an address with a prefix or without.
func parseIP(text string) (netip.Addr, bool) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "/")
	ip, err := netip.ParseAddr(text)
	return ip.Unmap().WithZone(""), err == nil && !ip.IsUnspecified()
}

var (
	// slotName is how udev names a card by its slot, pathName by its bus and device,
	// and indexName by the number that VMware's firmware gives it.
	slotName  = regexp.MustCompile(`^ens([0-9]{1,3})$`)
	pathName  = regexp.MustCompile(`^enp([0-9]{1,3})s([0-9]{1,2})(?:f0)?$`)
	indexName = regexp.MustCompile(`^eno([0-9]{8,10})$`)
)

// slotOf is the number of the slot that a card had by its name, or 0. VMware's
// machines have slots 32 and up on the bus 2, and from 160 on slots of buses of their
// own: four bridges in steps of 32, with eight functions each, on the buses from 3 on.
// An index has a counter in its highest byte, and behind it the bus and five bits of
// the device: 16777984 is on bus 3, so in slot 160.
func slotOf(name string) int {
	number := func(text string) int {
		n, _ := strconv.Atoi(text) // the digits are few enough
		return n
	}
	bus, device := 0, 0
	if match := slotName.FindStringSubmatch(name); match != nil {
		return number(match[1])
	} else if match := pathName.FindStringSubmatch(name); match != nil {
		bus, device = number(match[1]), number(match[2])
	} else if match := indexName.FindStringSubmatch(name); match != nil {
		index := number(match[1])
		bus, device = index>>8&0xff, index>>3&0x1f
		if index>>24 == 0 || index>>16&0xff != 0 || index&7 != 0 {
			return 0
		}
	}
	switch {
	case bus == 2:
		return 32 + device
	case bus >= 3 && bus < 3+4*8 && device == 0:
		return 160 + (bus-3)/8*32 + (bus-3)%8
	}
	return 0
}

// addressBySlot goes by the slot number, which VMware's firmware shows to the
// guest and exports write down.
func addressBySlot(name string, described []report.NIC) string {
	slot := slotOf(name)
	if slot == 0 {
		return ""
	}
	for _, n := range described {
		if n.Slot == slot {
			return n.MAC
		}
	}
	return ""
}

// learnLastAddress: of as many described cards as the guest has, the one whose
// address no other card has belongs to the card without one.
func learnLastAddress(cards []netconf.Card, described []report.NIC) {
	if len(cards) != len(described) {
		return
	}
	without := -1
	for i, c := range cards {
		if c.MAC != "" {
			continue
		}
		if without >= 0 {
			return
		}
		without = i
	}
	var left []string
	for _, n := range described {
		if !slices.ContainsFunc(cards, func(c netconf.Card) bool { return c.MAC == n.MAC }) {
			left = append(left, n.MAC)
		}
	}
	if without >= 0 && len(left) == 1 {
		cards[without].MAC = left[0]
	}
}

// describeNICs lists the cards of the old machine that have addresses.
func describeNICs(nics []report.NIC) string {
	var list []string
	for _, n := range nics {
		if n.MAC != "" {
			list = append(list, strings.TrimSpace(n.Name+" "+n.MAC))
		}
	}
	return strings.Join(list, ", ")
}
