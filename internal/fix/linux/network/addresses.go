package network

import (
	"encoding/hex"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// learnAddresses finds the hardware addresses of cards whose configuration
// does not tell them: in what DHCP clients have kept, and in the description
// of the old machine.
func learnAddresses(e *edit.Editor, cards []netconf.Card, described []report.NIC) error {
	leases, err := leasedAddresses(e)
	if err != nil {
		return err
	}
	for i := range cards {
		if cards[i].MAC == "" {
			cards[i].MAC = leases[cards[i].Name]
		}
	}
	for i := range cards {
		if cards[i].MAC == "" {
			cards[i].MAC = addressBySlot(cards[i].Name, described)
		}
	}
	learnLastAddress(cards, described)
	return nil
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

var (
	leaseInterface = regexp.MustCompile(`(?m)^\s*interface "([^"]+)";`)
	leaseClient    = regexp.MustCompile(`(?m)^\s*option dhcp-client-identifier (1(?::[0-9a-fA-F]{1,2}){6});`)
	// managerLease is the name of a lease of NetworkManager's own client; the
	// id before the interface is a UUID.
	managerLease  = regexp.MustCompile(`^internal-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(.+)\.lease$`)
	managerClient = regexp.MustCompile(`(?m)^CLIENTID=01([0-9a-fA-F]{12})$`)
)

// leasedAddresses reads the addresses that DHCP clients identified themselves
// by, by the cards' names.
func leasedAddresses(e *edit.Editor) (map[string]string, error) {
	found := map[string]string{}
	for _, directory := range []string{"/var/lib/dhcp", "/var/lib/dhclient", "/var/lib/NetworkManager"} {
		files, err := e.List(directory, "*.lease*")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, _, err := e.Read(file)
			if err != nil {
				return nil, err
			}
			name, mac := leasedAddress(path.Base(file), text)
			if name != "" && mac != "" {
				found[name] = mac
			}
		}
	}
	return found, nil
}

func leasedAddress(base, text string) (name, mac string) {
	if match := managerLease.FindStringSubmatch(base); match != nil {
		if client := managerClient.FindStringSubmatch(text); client != nil {
			address, _ := hex.DecodeString(client[1])
			return match[1], net.HardwareAddr(address).String()
		}
		return "", ""
	}
	interfaces, clients := leaseInterface.FindAllStringSubmatch(text, -1), leaseClient.FindAllStringSubmatch(text, -1)
	if len(interfaces) == 0 || len(clients) == 0 {
		return "", ""
	}
	name = interfaces[len(interfaces)-1][1]
	for _, i := range interfaces {
		if i[1] != name {
			return "", "" // of several cards: which address is whose is not told
		}
	}
	// dhclient leaves out leading zeroes: "1:0:50:56:aa:bb:cc".
	var address net.HardwareAddr
	for _, digits := range strings.Split(clients[len(clients)-1][1], ":")[1:] {
		b, err := strconv.ParseUint(digits, 16, 8)
		if err != nil {
			return "", ""
		}
		address = append(address, byte(b))
	}
	return name, address.String()
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
