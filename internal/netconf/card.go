package netconf

import (
	"net"
	"strings"
)

// Card is a network card as one configuration file knows it.
type Card struct {
	Name string // "ens192", or "" where only the hardware address is told
	MAC  string // as hardwareAddress writes it, or ""
	// Idle is set for cards that the guest does not bring up by itself.
	Idle bool
}

// hardwareAddress writes an address with colons and in lower case, however a
// file has it: networkd(5) and NetworkManager take hyphens too. What is no
// address stays but for its case.
func hardwareAddress(text string) string {
	if address, err := net.ParseMAC(text); err == nil {
		return address.String()
	}
	return strings.ToLower(text)
}
