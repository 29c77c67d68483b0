// Package network reads what a Windows guest has configured for its network cards.
// Windows binds that to each card, and another card in its place starts anew.
package network

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// classOfCards is the class of devices that are network cards.
const classOfCards = "{4d36e972-e325-11ce-bfc1-08002be10318}"

// Card is a network card of the old machine with static addresses.
type Card struct {
	// ID is the GUID that Windows has for it, in braces, and Name what it shows:
	// "Ethernet0".
	ID, Name string
	// MAC is its address in lower case with colons, or "".
	MAC       string
	Addresses []Address
	// Gateways and NameServers are addresses of IPv4.
	Gateways, NameServers []string
}

// Address is an address of IPv4 and its mask, as the registry has them.
type Address struct{ IP, Mask string }

// String is the address as it is written behind ip=.
func (a Address) String() string { return a.IP + "/" + a.Mask }

// Read reads the cards with static addresses, in the order of their names. The cards
// of the old machine, where they are known, tell the MAC of one that is alone.
func Read(r registry.Reader, s registry.System, old []report.NIC) ([]Card, error) {
	cards, err := physical(r, s)
	if err != nil {
		return nil, err
	}
	alone := len(cards) == 1 && len(old) == 1
	var static []Card
	for _, card := range cards {
		if err := card.read(r, s); err != nil {
			return nil, err
		}
		if card.MAC == "" && alone {
			card.MAC = strings.ToLower(old[0].MAC)
		}
		if len(card.Addresses) > 0 {
			static = append(static, card)
		}
	}
	slices.SortFunc(static, func(a, b Card) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	return static, nil
}

// physical are the cards that hang on a bus of the machine.
func physical(r registry.Reader, s registry.System) ([]Card, error) {
	class := s.ControlSet + `\Control\Class\` + classOfCards
	keys, err := r.Keys(class)
	if registry.IsMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var cards []Card
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
		device := strings.ToLower(text["componentid"])
		if id := text["netcfginstanceid"]; id != "" && (strings.HasPrefix(device, `pci\`) || strings.HasPrefix(device, `vmbus\`)) {
			cards = append(cards, Card{ID: id, MAC: macOf(text["networkaddress"])})
		}
	}
	return cards, nil
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

func (c *Card) read(r registry.Reader, s registry.System) error {
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
			addresses = listed(value)
		case "subnetmask":
			masks = listed(value)
		case "defaultgateway":
			c.Gateways = listed(value)
		case "nameserver":
			c.NameServers = listed(value)
		}
	}
	if byDHCP {
		return nil
	}
	for n, address := range addresses {
		if n < len(masks) {
			c.Addresses = append(c.Addresses, Address{address, masks[n]})
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
func listed(v registry.Value) []string {
	texts := v.Texts()
	if texts == nil {
		texts = strings.FieldsFunc(v.Text(), func(letter rune) bool { return letter == ',' || letter == ' ' })
	}
	return slices.DeleteFunc(texts, func(text string) bool {
		address := net.ParseIP(text).To4()
		return address == nil || address.IsUnspecified()
	})
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
	text := name + " has"
	for n, address := range c.Addresses {
		if n > 0 {
			text += " and"
		}
		text += " " + address.String()
	}
	if len(c.Gateways) > 0 {
		text += ", gateway " + strings.Join(c.Gateways, " ")
	}
	if len(c.NameServers) > 0 {
		text += ", name servers " + strings.Join(c.NameServers, " ")
	}
	return text
}
