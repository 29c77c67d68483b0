package network

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Kept is what of network cards is the same on the new machine, after Fix.
type Kept struct {
	// Names are those that the guest's network configuration speaks of: Fix has
	// kept them, or told that it could not.
	Names []string
	// ByKernel is set where cards are eth0, eth1 and so on, as the kernel finds them.
	ByKernel bool
	// Addresses are those that the new machine's cards are to have, Old those of
	// the old machine's that they need not have.
	Addresses, Old []string
}

// ReadKept reads it. described are the old machine's cards.
func ReadKept(e *edit.Reader, described []report.NIC) (Kept, error) {
	var k Kept
	files, err := networkFiles(e)
	if err != nil {
		return k, err
	}
	for _, f := range files {
		k.Names = append(append(k.Names, f.found.Virtual...), f.found.Ports...)
		for _, c := range f.found.Cards {
			k.Names = append(k.Names, c.Name)
			if c.MAC != "" {
				k.Addresses = append(k.Addresses, c.MAC)
			}
		}
	}
	foreign, err := readForeign(e)
	if err != nil {
		return k, err
	}
	boot, err := readBootCards(e)
	if err != nil {
		return k, err
	}
	k.Names = append(append(k.Names, foreign.names()...), boot.names()...)
	links, err := wholeFiles(e, "*.link")
	if err != nil {
		return k, err
	}
	for _, link := range links {
		k.Names, k.Addresses = append(k.Names, netconf.LinkName(link.text)), append(k.Addresses, netconf.LinkAddress(link.text))
	}
	err = eachFile(e, []string{"/etc/udev/rules.d/*.rules"}, func(_, text string) {
		for _, rule := range netconf.ReadUdevRules(text) {
			k.Names, k.Addresses = append(k.Names, rule.Name), append(k.Addresses, rule.MAC)
		}
	})
	if err != nil {
		return k, err
	}
	leases, err := readLeases(e)
	if err != nil {
		return k, err
	}
	for _, l := range leases {
		k.Old = append(k.Old, l.mac)
	}
	for _, n := range described {
		k.Old = append(k.Old, strings.ToLower(n.MAC))
	}
	k.Old = slices.DeleteFunc(k.Old, func(mac string) bool { return mac == "" || slices.Contains(k.Addresses, mac) })
	k.ByKernel, err = namesByKernel(e)
	return k, err
}

// plainNames are the switches that keep udev and biosdevname from naming cards.
var plainNames = regexp.MustCompile(`(?m)^[^#\n]*\bnet\.ifnames=0\b`)

// namesByKernel reports whether nothing in the guest names cards by their slots.
func namesByKernel(e *edit.Reader) (bool, error) {
	if ignored, err := linksAreIgnored(e); ignored || err != nil {
		return true, err
	}
	for _, off := range []string{"/etc/systemd/network/99-default.link", "/etc/udev/rules.d/80-net-name-slot.rules"} {
		if target, err := e.Readlink(off); err == nil && target == "/dev/null" {
			return true, nil
		}
	}
	named := false
	for _, directory := range []string{"/usr/lib", "/lib"} {
		for _, rules := range []string{"udev/rules.d/80-net-setup-link.rules", "udev/rules.d/80-net-name-slot.rules", "udev/rules.d/71-biosdevname.rules", "systemd/network/99-default.link"} {
			named = named || e.Exists(path.Join(directory, rules))
		}
	}
	if !named {
		// A guest with a new systemd names cards, whatever files were seen of it.
		if version, err := systemdVersion(e); err != nil || version == 0 {
			return true, err
		}
	}
	plain := false
	err := eachCommandLine(e, func(_, text string) { plain = plain || plainNames.MatchString(text) })
	return plain, err
}
