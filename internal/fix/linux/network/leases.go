package network

import (
	"encoding/hex"
	"net"
	"net/netip"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// lease is what a DHCP client has kept of a card: the hardware address that it
// identified itself by, and the address that it was given. Each may be empty.
type lease struct {
	mac string
	ip  netip.Addr
}

// leaseFiles are where DHCP clients keep leases over a start of the machine.
var leaseFiles = []string{
	"/var/lib/dhcp/*.lease*",
	"/var/lib/dhclient/*.lease*",
	"/var/lib/NetworkManager/*.lease*",
	"/var/lib/wicked/lease-*.xml",
}

// readLeases reads them, by the cards' names.
func readLeases(e *edit.Reader) (map[string]lease, error) {
	found := map[string]lease{}
	err := eachFile(e, leaseFiles, func(name, text string) {
		for card, l := range parseLeases(path.Base(name), text) {
			known := found[card]
			if l.mac != "" {
				known.mac = l.mac
			}
			if l.ip.IsValid() {
				known.ip = l.ip
			}
			found[card] = known
		}
	})
	return found, err
}

var (
	// managerLease is the name of a lease of NetworkManager's own client; the
	// id before the interface is a UUID.
	managerLease   = regexp.MustCompile(`^internal-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(.+)\.lease$`)
	managerClient  = regexp.MustCompile(`(?m)^CLIENTID=([0-9a-fA-F]+)$`)
	managerAddress = regexp.MustCompile(`(?m)^ADDRESS=(\S+)$`)

	// wickedLease is the name of a lease of wicked.
	wickedLease   = regexp.MustCompile(`^lease-(.+)-dhcp-ipv[46]\.xml$`)
	wickedClient  = regexp.MustCompile(`<client-id>\s*([0-9a-fA-F:]+)\s*</client-id>`)
	wickedAddress = regexp.MustCompile(`<address>\s*<local>\s*([^<\s]+)\s*</local>`)
)

func parseLeases(base, text string) map[string]lease {
	first := func(pattern *regexp.Regexp) string {
		if match := pattern.FindStringSubmatch(text); match != nil {
			return match[1]
		}
		return ""
	}
	one := func(name, client, address string) map[string]lease {
		ip, _ := parseIP(address)
		return map[string]lease{name: {clientAddress(client), ip}}
	}
	if match := managerLease.FindStringSubmatch(base); match != nil {
		return one(match[1], first(managerClient), first(managerAddress))
	}
	if match := wickedLease.FindStringSubmatch(base); match != nil {
		return one(match[1], first(wickedClient), first(wickedAddress))
	}
	return dhclientLeases(text)
}

// clientAddress is the hardware address of a client id in hexadecimal digits, with
// colons or without: the type 1 stands before it (RFC 2132, 9.14). A client id of
// another type holds none that must be this card's.
func clientAddress(client string) string {
	var octets []byte
	if strings.Contains(client, ":") {
		for digits := range strings.SplitSeq(client, ":") {
			// dhclient leaves out leading zeroes: "1:0:50:56:aa:bb:cc".
			octet, err := strconv.ParseUint(digits, 16, 8)
			if err != nil {
				return ""
			}
			octets = append(octets, byte(octet))
		}
	} else {
		octets, _ = hex.DecodeString(client)
	}
	if len(octets) != 7 || octets[0] != 1 {
		return ""
	}
	return net.HardwareAddr(octets[1:]).String()
}

var (
	leaseInterface = regexp.MustCompile(`^\s*interface "([^"]+)";`)
	leaseClient    = regexp.MustCompile(`^\s*option dhcp-client-identifier ([0-9a-fA-F:]+);`)
	leaseAddress   = regexp.MustCompile(`^\s*(?:fixed-address|iaaddr) ([0-9a-fA-F:.]+)\s*[;{]`)
	leaseBegin     = regexp.MustCompile(`^\s*lease6?\s*\{`)
)

// dhclientLeases reads dhclient.leases(5), in which the newest lease of a card is
// the last.
func dhclientLeases(text string) map[string]lease {
	found := map[string]lease{}
	name := ""
	var current lease
	end := func() {
		if name != "" {
			found[name] = current
		}
		name, current = "", lease{}
	}
	for line := range strings.Lines(text) {
		if leaseBegin.MatchString(line) {
			end()
		}
		if match := leaseInterface.FindStringSubmatch(line); match != nil {
			name = match[1]
		} else if match := leaseClient.FindStringSubmatch(line); match != nil {
			current.mac = clientAddress(match[1])
		} else if match := leaseAddress.FindStringSubmatch(line); match != nil {
			current.ip, _ = parseIP(match[1])
		}
	}
	end()
	return found
}
