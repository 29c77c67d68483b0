package netconf

import (
	"net"
	"regexp"
	"strings"
)

// Card is a network card as one configuration file knows it.
type Card struct {
	Name string // "ens192", or "" where only the hardware address is told
	MAC  string // as hardwareAddress writes it, or ""
	// Idle is set for cards that the guest does not bring up by itself.
	Idle bool
	// Doubtful is set where a name is configured and nothing in the file says
	// that a network card has it.
	Doubtful bool
}

// Found is what one configuration file says of network cards.
type Found struct {
	Cards []Card
	// Virtual are the names of what the file says is no card: bridges, bonds,
	// VLANs, tunnels.
	Virtual []string
	// Ports are the names that the file calls the parent, the port, the slave
	// or the link of something else.
	Ports []string
	// AnyCard is set where the file applies to a card whatever its name is.
	AnyCard bool
	// Sources are patterns of paths that the file includes.
	Sources []string
	// Invalid is why the file's own reader cannot read it, or "".
	Invalid string
}

var predictableName = regexp.MustCompile(`^(eth[0-9]+|en[abcdiopPsvwX][0-9][0-9a-zA-Z]*|ena[A-Z]{3,4}[0-9A-F]+i[0-9]+|enx[0-9a-f]{12}|em[0-9]+(_[0-9]+)?|p[0-9]+p[0-9]+(_[0-9]+)?)$`)

// IsCardName reports whether a name has a form that the kernel, udev or
// biosdevname give to network cards, and to nothing else.
func IsCardName(name string) bool { return predictableName.MatchString(name) }

// portNames makes names without aliases and VLANs of a list of words.
func portNames(words ...string) []string {
	var names []string
	for _, word := range words {
		switch name := baseInterface(word); name {
		case "", "none", "all", "regex", "lo":
		default:
			names = append(names, name)
		}
	}
	return names
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
