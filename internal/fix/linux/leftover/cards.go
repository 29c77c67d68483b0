package leftover

import (
	"fmt"
	"net"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

var (
	cardWord = regexp.MustCompile(`[0-9A-Za-z]+(_[0-9]+)?`)
	address  = regexp.MustCompile(`(?i)(?:^|[^0-9a-f:-])((?:01-)?[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})(?:$|[^0-9a-f:-])`)
	slot     = regexp.MustCompile(`(?:^|[^0-9a-fA-F:])((?:pci-)?[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]|PCI:[0-9]+:[0-9]+:[0-9]+)(?:$|[^0-9])`)
	// hypervisorAddress begins with what VMware, Hyper-V, Azure, Xen, Oracle VM, VirtualBox,
	// Parallels or Nutanix gives to cards.
	hypervisorAddress = regexp.MustCompile(`^(00:50:56|00:0c:29|00:05:69|00:1c:14|00:15:5d|00:0d:3a|00:22:48|00:16:3e|00:21:f6|08:00:27|00:1c:42|50:6b:8d)`)
)

// others are files that list the addresses of other machines.
var others = regexp.MustCompile(`^/etc/(dhcp/dhcpd|dhcpd|dnsmasq|NetworkManager/dnsmasq|kea/|csf/|ufw/|nftables|iptables|sysconfig/(ip6?tables|nftables)|shorewall|ferm|firewalld/|hostapd/|drbd|corosync/|ha\.d/)`)

// cardNamesIn are the names of network cards in a line that the new machine's do
// not have.
func (s *scan) cardNamesIn(file, line string) []edit.Note {
	var found []edit.Note
	if path.Ext(file) == ".network" && strings.HasPrefix(file, "/etc/") && strings.HasPrefix(strings.TrimSpace(line), "Name=") {
		return nil // the repair of the network tells of what no name matches
	}
	for _, name := range cardWord.FindAllString(line, -1) {
		if s.isGone(name) && !slices.ContainsFunc(found, func(n edit.Note) bool { return strings.HasPrefix(n.Message, name+" ") }) {
			found = append(found, card(name))
		}
	}
	return found
}

// addressesIn notes the hardware address of a card that is not there any more.
func (s *scan) addressesIn(file, line string) []edit.Note {
	if m := address.FindStringSubmatch(line); m != nil {
		mac := m[1]
		if len(mac) > len("00:00:00:00:00:00") { // PXE's form
			mac = mac[len("01-"):]
		}
		if parsed, err := net.ParseMAC(mac); err == nil && s.isOldAddress(file, parsed.String()) {
			return []edit.Note{{
				ID:      report.ConcernOldMAC,
				Message: mac + " is the hardware address of a network card of the old machine",
				Remedy:  "give the new machine's network card that address, or match the card by its name",
			}}
		}
	}
	return nil
}

// slotsIn notes a slot of the old machine.
func slotsIn(line string) []edit.Note {
	if m := slot.FindStringSubmatch(line); m != nil && !strings.Contains(m[1], "0000:00:00.0") {
		return []edit.Note{{
			ID:      report.ConcernOldSlot,
			Message: m[1] + " is a slot of the old machine, where the new one has another device or none",
			Remedy:  "match the device by something that it has on every machine (a card by its name, a file system by its UUID), or remove the line",
		}}
	}
	return nil
}

func card(name string) edit.Note {
	return edit.Note{
		ID:      report.ConcernOldCardName,
		Message: name + " is the name of a network card of the old machine, and no file of the guest gives it to a card of the new one",
		Remedy: "write the name that the card has on the new machine (ip link), or keep the old one by a file /etc/systemd/network/10-" + name +
			".link with [Match] MACAddress= and [Link] Name=" + name,
	}
}

// isGone reports whether a word is the name of a card that is not there any more.
// eth0 is where the kernel names cards; where udev does, it was the name of a card
// only on hypervisors whose cards have no slot, and then no other name is known.
func (s *scan) isGone(name string) bool {
	if !netconf.IsCardName(name) || slices.Contains(s.cards.Names, name) {
		return false
	}
	if !strings.HasPrefix(name, "eth") {
		return true
	}
	bySlot := slices.ContainsFunc(s.cards.Names, func(n string) bool { return netconf.IsCardName(n) && !strings.HasPrefix(n, "eth") })
	return !s.cards.ByKernel && !bySlot
}

func (s *scan) isOldAddress(file, mac string) bool {
	switch {
	case slices.Contains(s.cards.Addresses, mac):
		return false
	case slices.Contains(s.cards.Old, mac):
		return true
	}
	return hypervisorAddress.MatchString(mac) && !others.MatchString(file)
}

// cardFile is a file that is for a card by its own name.
var cardFile = regexp.MustCompile(`^(?:route6?|rule6?|ifcfg|ifroute|keys)-(.+)$`)

func (s *scan) cardInName(file string) []edit.Note {
	m := cardFile.FindStringSubmatch(path.Base(file))
	if m == nil || !s.isGone(m[1]) {
		return nil
	}
	n := card(m[1])
	n.Message = fmt.Sprintf("the file is for %s: %s", m[1], n.Message)
	return []edit.Note{n}
}

var (
	// managerFile is a file of settings of NetworkManager itself.
	managerFile = regexp.MustCompile(`^/etc/NetworkManager/(NetworkManager\.conf|conf\.d/[^/]+\.conf)$`)
	deviceList  = regexp.MustCompile(`^\s*(unmanaged-devices\+?|match-device)\s*=(.*)`)
)

// managedIn notes a list of devices of NetworkManager.conf(5) in which only hardware
// of the old machine is told: by that it manages no card of the new one, or gives it
// no settings.
func (s *scan) managedIn(file, line string) []edit.Note {
	m := deviceList.FindStringSubmatch(line)
	if m == nil || !managerFile.MatchString(file) || len(s.addressesIn(file, line)) > 0 {
		return nil
	}
	unmanaged := strings.HasPrefix(m[1], "unmanaged")
	old := ""
	for _, spec := range strings.FieldsFunc(m[2], func(r rune) bool { return strings.ContainsRune(",; \t", r) }) {
		spec, except := strings.CutPrefix(spec, "except:")
		if except != unmanaged {
			continue
		}
		if !s.isOldDevice(spec) {
			return nil
		}
		if old == "" {
			old = spec
		}
	}
	if old == "" {
		return nil
	}
	n := edit.Note{
		ID:      report.ConcernOldCard,
		Message: fmt.Sprintf("%s names hardware of the old machine (%s), and no card of the new one meets it", m[1], old),
		Remedy:  "name the card there by interface-name:, or give the new machine's network card the address that is told",
	}
	if unmanaged {
		n.Message += ": NetworkManager leaves the new card alone"
	}
	return []edit.Note{n}
}

// isOldDevice reads one device of such a list.
func (s *scan) isOldDevice(spec string) bool {
	kind, value, _ := strings.Cut(spec, ":")
	switch kind {
	case "driver":
		virtio, _ := path.Match(value, "virtio_net")
		return !virtio
	case "mac", "perm-mac":
		if mac, err := net.ParseMAC(value); err == nil {
			return !slices.Contains(s.cards.Addresses, mac.String())
		}
	}
	_, err := net.ParseMAC(spec)
	return err == nil
}
