// Package network reads what a Windows guest has configured for its network cards.
// Windows binds that to each card, and another card in its place starts anew.
package network

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// classOfCards is the class of devices that are network cards.
const classOfCards = "{4d36e972-e325-11ce-bfc1-08002be10318}"

// guid matches the ids of cards.
var guid = regexp.MustCompile(`^\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}$`)

// IsID says that a text is the id of a card, as Windows gives them.
func IsID(text string) bool { return guid.MatchString(text) }

// Card is a network card of the old machine with static addresses, or with name servers
// beside those that DHCP tells.
type Card struct {
	// ID is the GUID that Windows has for it, in braces, and Name what it shows:
	// "Ethernet0".
	ID, Name string
	// MAC is its address in lower case with colons, or "".
	MAC string
	// Only says that the old machine has no other card.
	Only bool
	// Unfit says why no card of the new machine is to have the addresses whichever it is,
	// or is "".
	Unfit string
	// Addresses have their prefixes. Where there are none, the card asks by DHCP. All
	// addresses are of IPv4.
	Addresses             []netip.Prefix
	Gateways, NameServers []netip.Addr
}

// Known says that the card of the new machine can be told that is to have the
// addresses: by its MAC, or as the only one.
func (c Card) Known() bool { return c.Unfit == "" && (c.MAC != "" || c.Only) }

// Why a card is unfit.
const (
	disabled     = "was disabled"
	madeOfOthers = "is a team, a bridge or a switch of other cards"
)

// adapter is what Windows has as a card.
type adapter struct {
	Card
	// component is what it is, in lower case: "pci\\ven_15ad&dev_07b0".
	component string
	// device is its key among all devices.
	device string
	// slot is the number of its PCI slot, 0 where that is not known.
	slot uint64
}

// Read reads the cards with static addresses, in the order of their names. The cards
// of the old machine, where they are known, tell the MAC of one that is alone, has its
// slot, or the name or one of the addresses that are said of it.
func Read(r registry.Reader, s registry.System, old []report.NIC) ([]Card, error) {
	all, err := adapters(r, s)
	if err != nil {
		return nil, err
	}
	var cards []*adapter
	var static []Card
	for n := range all {
		switch card := &all[n]; {
		case card.isOfMachine():
			cards = append(cards, card)
		case len(card.Addresses) > 0 && card.isOfCards():
			card.Unfit = madeOfOthers
			static = append(static, card.Card)
		}
	}
	cards = described(cards, old)
	for _, card := range cards {
		card.Only = len(cards) == 1 && len(old) <= 1
		// The new machine gets the MAC that is described, whatever Windows has kept of
		// an earlier one.
		if mac := card.among(old); mac != "" {
			card.MAC = mac
		}
		if len(card.Addresses) > 0 || len(card.NameServers) > 0 && card.Unfit == "" {
			static = append(static, card.Card)
		}
	}
	forgetShared(static)
	slices.SortFunc(static, func(a, b Card) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	return static, nil
}

// forgetShared takes the MAC from cards that have the same: the old machine had one of them,
// and nothing tells which.
func forgetShared(cards []Card) {
	has := map[string]int{}
	for _, card := range cards {
		has[card.MAC]++
	}
	for n := range cards {
		if has[cards[n].MAC] > 1 {
			cards[n].MAC = ""
		}
	}
}

// among is the MAC of the card as the old machine's description tells it, or "".
func (c Card) among(old []report.NIC) string {
	if c.Only && len(old) == 1 {
		return macOf(old[0].MAC)
	}
	mac := ""
	for _, nic := range old {
		same := c.Name != "" && strings.EqualFold(nic.GuestName, c.Name)
		for _, text := range nic.Addresses {
			text, _, _ = strings.Cut(text, "/") // there may be a prefix
			same = same || slices.ContainsFunc(c.Addresses, func(p netip.Prefix) bool { return p.Addr().String() == text })
		}
		switch {
		case !same:
		case mac != "":
			return "" // two are
		default:
			mac = macOf(nic.MAC)
		}
	}
	return mac
}

// Mask is the mask of a prefix as Windows has it: 255.255.255.0.
func Mask(prefix netip.Prefix) string { return net.IP(net.CIDRMask(prefix.Bits(), 32)).String() }

// adapters are all that Windows has as a card, whether it is there or was once.
func adapters(r registry.Reader, s registry.System) ([]adapter, error) {
	class := s.ControlSet + `\Control\Class\` + classOfCards
	keys, err := r.Keys(class)
	if registry.IsMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []adapter
	for _, key := range keys {
		if len(key) != 4 || strings.Trim(key, "0123456789") != "" {
			continue // what belongs to the class itself
		}
		values, err := r.Values(class + `\` + key)
		if err != nil {
			return nil, err
		}
		text := map[string]string{}
		for _, value := range values {
			text[strings.ToLower(value.Name)] = value.Text()
		}
		card := adapter{component: strings.ToLower(text["componentid"]), device: text["deviceinstanceid"]}
		if card.ID, card.MAC = text["netcfginstanceid"], macOf(text["networkaddress"]); !IsID(card.ID) {
			continue
		}
		if err := card.read(r, s); err != nil {
			return nil, err
		}
		found = append(found, card)
	}
	return found, nil
}

// macOf is an address of twelve digits with or without signs between them, or "".
func macOf(text string) string {
	digits := strings.NewReplacer("-", "", ":", "").Replace(strings.TrimSpace(text))
	address, err := hex.DecodeString(digits)
	if err != nil || len(address) != 6 {
		return ""
	}
	return net.HardwareAddr(address).String()
}

func (c *adapter) read(r registry.Reader, s registry.System) error {
	kernel, ok, err := registry.Get(r, s.ControlSet+`\Control\NetworkSetup2\Interfaces\`+c.ID+`\Kernel`, "PermanentAddress")
	if err != nil {
		return err
	}
	if ok && len(kernel.Data) == 6 {
		c.MAC = net.HardwareAddr(kernel.Data).String()
	}
	shown, _, err := registry.Get(r, s.ControlSet+`\Control\Network\`+classOfCards+`\`+c.ID+`\Connection`, "Name")
	if err != nil {
		return err
	}
	c.Name = shown.Text()
	if err := c.readDevice(r, s); err != nil {
		return err
	}
	values, err := r.Values(bindingOf(s, c.ID))
	if registry.IsMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var addresses, masks []string
	byDHCP := false
	for _, value := range values {
		switch strings.ToLower(value.Name) {
		case "enabledhcp":
			number, _ := value.Number()
			byDHCP = number != 0
		case "ipaddress":
			addresses = value.Texts()
		case "subnetmask":
			masks = value.Texts()
		case "defaultgateway":
			c.Gateways = listed(value)
		case "nameserver":
			c.NameServers = listed(value)
		}
	}
	if byDHCP {
		c.Gateways = nil
		return nil
	}
	for n, address := range addresses[:min(len(addresses), len(masks))] {
		ip, mask := addressOf(address), addressOf(masks[n])
		if !ip.IsValid() || !mask.IsValid() {
			continue
		}
		if bits, size := net.IPMask(mask.AsSlice()).Size(); size > 0 { // Windows takes no other mask
			c.Addresses = append(c.Addresses, netip.PrefixFrom(ip, bits))
		}
	}
	return nil
}

// readDevice reads what Windows has of the card as a device.
func (c *adapter) readDevice(r registry.Reader, s registry.System) error {
	const configDisabled = 1 // of regstr.h
	if c.device == "" {
		return nil
	}
	values, err := r.Values(s.ControlSet + `\Enum\` + c.device)
	if registry.IsMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, value := range values {
		number, _ := value.Number()
		switch strings.ToLower(value.Name) {
		case "uinumber":
			c.slot = number
		case "configflags":
			if number&configDisabled != 0 {
				c.Unfit = disabled
			}
		}
	}
	return nil
}

// bindingOf is the key of what is configured for a card.
func bindingOf(s registry.System, id string) string {
	return s.ControlSet + `\Services\Tcpip\Parameters\Interfaces\` + id
}

// listed are the addresses of a value, which is a list or, for name servers, a text
// with commas or blanks between them. What is none is left out, and so is 0.0.0.0,
// which stands for none.
func listed(v registry.Value) []netip.Addr {
	texts := v.Texts()
	if texts == nil {
		texts = strings.FieldsFunc(v.Text(), func(letter rune) bool { return letter == ',' || letter == ' ' })
	}
	var addresses []netip.Addr
	for _, text := range texts {
		if address := addressOf(text); address.IsValid() {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// addressOf is an address of IPv4, or one that is not valid.
func addressOf(text string) netip.Addr {
	address, err := netip.ParseAddr(text)
	if err != nil || !address.Is4() || address.IsUnspecified() {
		return netip.Addr{}
	}
	return address
}

// String describes the card for people.
func (c Card) String() string {
	name := c.ID
	if c.Name != "" {
		name = fmt.Sprintf("%q", c.Name)
	}
	if c.MAC != "" {
		name += " (" + c.MAC + ")"
	}
	if c.Unfit != "" {
		name += ", which " + c.Unfit + ","
	}
	var has []string
	if len(c.Addresses) > 0 {
		has = append(has, joined(c.Addresses, " and "))
	}
	if len(c.Gateways) > 0 {
		has = append(has, "gateway "+joined(c.Gateways, " "))
	}
	if len(c.NameServers) > 0 {
		has = append(has, "name servers "+joined(c.NameServers, " "))
	}
	return name + " has " + strings.Join(has, ", ")
}

func joined[T fmt.Stringer](addresses []T, between string) string {
	texts := make([]string, len(addresses))
	for n, address := range addresses {
		texts[n] = address.String()
	}
	return strings.Join(texts, between)
}
