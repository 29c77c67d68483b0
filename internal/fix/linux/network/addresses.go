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
	known := cardAddresses(files, leases)
	for _, by := range []func(name string) string{
		func(name string) string { return addressByName(name, described) },
		func(name string) string { return leases[name].mac },
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
			card, _, _ := strings.Cut(a.Interface, ".")
			add(card, a.Address)
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

// slotName is how udev names a card by its slot.
var slotName = regexp.MustCompile(`^ens([0-9]+)$`)

// addressBySlot goes by the slot number, which VMware's firmware shows to the
// guest and exports write down.
func addressBySlot(name string, described []report.NIC) string {
	match := slotName.FindStringSubmatch(name)
	if match == nil {
		return ""
	}
	for _, n := range described {
		if n.Slot > 0 && strconv.Itoa(n.Slot) == match[1] {
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
