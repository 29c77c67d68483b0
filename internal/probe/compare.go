package probe

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Difference is something that a guest is configured to be and was not when it was
// up.
type Difference struct {
	Message string
	// Remedy names what to look at.
	Remedy string
}

// Compare says in what a guest is not as it is configured to be. What a machine
// without a network, and with the cards that it was given, cannot show is no
// difference.
func Compare(wanted Expected, is boot.Facts) []Difference {
	var all []Difference
	if wanted.Hostname != "" && is.Hostname != "" && !sameHost(wanted.Hostname, is.Hostname) {
		all = append(all, Difference{
			fmt.Sprintf("the guest called itself %s, and is configured to be %s", is.Hostname, wanted.Hostname),
			"look at " + wanted.HostnameFile + " in the guest, and at what may set another name, such as cloud-init",
		})
	}
	for _, i := range wanted.Interfaces {
		all = append(all, compareInterface(i, is)...)
	}
	all = append(all, CompareMounts(wanted, is)...)
	all = append(all, compareSwaps(wanted.Swaps, is.Swaps)...)
	for _, unit := range is.Failed {
		if file, ok := explainedByHardware(unit); ok {
			all = append(all, Difference{
				fmt.Sprintf("%s failed when the guest was booted", unit),
				fmt.Sprintf("look at %s in the guest, and at `journalctl -b -u %s` there", file, unit),
			})
		}
	}
	return all
}

// CompareMounts says which file systems a guest lacks.
func CompareMounts(wanted Expected, is boot.Facts) []Difference {
	var all []Difference
	for _, mount := range wanted.Mounts {
		if !mounted(mount, is.Mounts) {
			all = append(all, lackingMount(mount))
		}
	}
	return all
}

// sameHost says that two names are of one host: either may have its domain.
func sameHost(one, other string) bool {
	one, other = strings.ToLower(one), strings.ToLower(other)
	if strings.Contains(one, ".") != strings.Contains(other, ".") {
		one, _, _ = strings.Cut(one, ".")
		other, _, _ = strings.Cut(other, ".")
	}
	return one == other
}

// compareInterface compares a card or another interface with what is configured
// for it. A card of an address that no card of the machine had says nothing.
func compareInterface(wanted network.Configured, is boot.Facts) []Difference {
	remedy := "look at " + wanted.File + " in the guest"
	if wanted.MAC != "" {
		n := slices.IndexFunc(is.Cards, func(c boot.Card) bool { return c.MAC == wanted.MAC })
		if n < 0 {
			return nil
		}
		// A bond gives its ports its own address.
		if name := is.Cards[n].Name; name != wanted.Name && is.Cards[n].Physical {
			if _, ok := is.Card(wanted.Name); !ok {
				return []Difference{{fmt.Sprintf("the network card %s was called %s when the guest was booted, and is configured as %s", wanted.MAC, name, wanted.Name), remedy}}
			}
		}
	}
	card, ok := is.Card(wanted.Name)
	switch {
	case !ok && wanted.Card:
		return []Difference{{fmt.Sprintf("the guest had no network card %s when it was booted, but %s", wanted.Name, cardsOf(is)), remedy}}
	case !ok && len(wanted.Addresses) > 0:
		return []Difference{{fmt.Sprintf("the guest had no interface %s when it was booted, which is configured for %s", wanted.Name, wanted.Addresses[0]), remedy}}
	case !ok || is.AddressesUnknown:
		return nil
	}
	var all []Difference
	for _, address := range wanted.Addresses {
		if !slices.ContainsFunc(card.Addresses, func(p netip.Prefix) bool { return p.Addr() == address }) {
			all = append(all, Difference{
				fmt.Sprintf("%s had not its address %s when the guest was booted, but %s", wanted.Name, address, addressesOf(card)), remedy,
			})
		}
	}
	return all
}

func addressesOf(card boot.Card) string {
	var words []string
	for _, prefix := range card.Global() {
		words = append(words, prefix.String())
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

func cardsOf(is boot.Facts) string {
	var names []string
	for _, card := range is.Cards {
		if card.Physical {
			names = append(names, card.Name)
		}
	}
	if len(names) == 0 {
		return "none at all"
	}
	return strings.Join(names, ", ")
}

// mounted says that something is mounted where fstab has a file system. What that
// is the kernel calls by other names.
func mounted(wanted guest.WantedMount, is []boot.Mount) bool {
	return wanted.Path == "/" || slices.ContainsFunc(is, func(m boot.Mount) bool { return m.Path == wanted.Path })
}

func lackingMount(wanted guest.WantedMount) Difference {
	message := fmt.Sprintf("%s was not mounted when the guest was booted: its %s names %s for it", wanted.Path, fstabPath, wanted.Spec)
	if wanted.NoFail {
		message += ", with nofail"
	}
	return Difference{message, "look at " + fstabPath + " in the guest: correct the line, or remove it"}
}

// compareSwaps compares files by their names. A device has another name in fstab,
// so those are counted.
func compareSwaps(wanted, is []string) []Difference {
	isFile := func(area string) bool { return path.IsAbs(area) && !strings.HasPrefix(area, "/dev/") }
	const remedy = "look at " + fstabPath + " in the guest"
	var all []Difference
	devices, used := 0, 0
	for _, area := range wanted {
		switch {
		case !isFile(area):
			devices++
		case !slices.Contains(is, area):
			all = append(all, Difference{fmt.Sprintf("the swap file %s was not in use when the guest was booted", area), remedy})
		}
	}
	for _, area := range is {
		if !isFile(area) && !strings.HasPrefix(area, "/dev/zram") {
			used++
		}
	}
	if used < devices {
		all = append(all, Difference{fmt.Sprintf("%d of the %d swap devices of %s were in use when the guest was booted", used, devices, fstabPath), remedy})
	}
	return all
}

// hardwareUnits are units that fail where something of the machine is not as the
// guest's configuration has it, and where that stands.
var hardwareUnits = []struct {
	unit *regexp.Regexp
	file string
}{
	{regexp.MustCompile(`\.(?:mount|swap|automount)$|^systemd-(?:fsck|growfs|makefs|mkswap)(?:@|-root)|^systemd-remount-fs\.|^(?:local|remote)-fs`), fstabPath},
	{regexp.MustCompile(`^systemd-cryptsetup@|^cryptdisks`), "/etc/crypttab"},
	{regexp.MustCompile(`^systemd-modules-load\.|^kmod`), "/etc/modules-load.d and /etc/modules"},
	{regexp.MustCompile(`^(?:networking|ifup|ifup@.*|network|NetworkManager|NetworkManager-wait-online|NetworkManager-dispatcher|systemd-networkd|systemd-networkd-wait-online|wicked|wickedd|wickedd-.*|netplan-.*|systemd-network-generator)\.service$`),
		"the network configuration"},
	{regexp.MustCompile(`^(?:lvm2?-|mdadm|mdmonitor|mdcheck|multipathd|zfs-|iscsi|blk-availability|systemd-udev-settle|dmraid)`), "the configuration of its volumes"},
	{regexp.MustCompile(`^(?:vmtoolsd|open-vm-tools|vgauth|vmware-|vboxadd|vboxservice|hv-|hypervk|hypervv|hyperv-|xe-linux|xe-daemon)`), "what is left of the old hypervisor's tools"},
	{regexp.MustCompile(`^(?:serial-)?getty@|^console-setup|^keyboard-setup|^systemd-vconsole-setup|^(?:display-manager|gdm|gdm3|lightdm|sddm)\.`), "the configuration of its consoles"},
}

func explainedByHardware(unit string) (file string, ok bool) {
	for _, kind := range hardwareUnits {
		if kind.unit.MatchString(unit) {
			return kind.file, true
		}
	}
	return "", false
}
