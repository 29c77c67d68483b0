package manifest

import (
	"net"
	"net/netip"
	"regexp"
	"strings"
)

// guestCard is what Linux allows a network card to be called, and configuration can
// name without quotes.
var guestCard = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]{0,14})?$`)

// systemDevice matches what source.root may be.
var systemDevice = regexp.MustCompile(`^(/dev/.+|btrfsvol:/dev/.+|UUID=.+)$`)

func checkNICs(c *collector, nics []NIC) {
	macs, names := map[string]bool{}, map[string]bool{}
	for n, nic := range nics {
		at := element("source.nics", n)
		mac, err := net.ParseMAC(nic.MAC)
		switch {
		case err != nil || len(mac) != 6:
			c.add(at+".mac", "%q is no MAC address: write six pairs of hexadecimal digits, such as 00:50:56:9a:01:02", nic.MAC)
		case mac[0]&1 != 0:
			c.add(at+".mac", "%q is an address of a group, which no card has", nic.MAC)
		case macs[mac.String()]:
			c.add(at+".mac", "%q is given twice", nic.MAC)
		default:
			macs[mac.String()] = true
		}
		switch {
		case !guestCard.MatchString(nic.Name):
			c.add(at+".name", "%q is no name of a network card: it begins with a letter and has up to 15 letters, digits, \"-\" and \"_\"", nic.Name)
		case names[nic.Name]:
			c.add(at+".name", "%q is given twice", nic.Name)
		}
		names[nic.Name] = nic.Name != ""
		for i, address := range nic.Addresses {
			ip, _, _ := strings.Cut(address, "/")
			_, plain := netip.ParseAddr(ip)
			_, prefixed := netip.ParsePrefix(address)
			if plain != nil || strings.Contains(address, "/") && prefixed != nil {
				c.add(element(at+".addresses", i), "%q is no IP address: write it as the guest has it, such as 192.0.2.10 or 192.0.2.10/24", address)
			}
		}
		if hasControl(nic.Network) {
			c.add(at+".network", "%q holds a control character", nic.Network)
		}
	}
}
