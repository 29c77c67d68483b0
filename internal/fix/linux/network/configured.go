package network

import (
	"net/netip"
	"path"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
)

// Configured is an interface as the guest's own files configure it.
type Configured struct {
	Name string
	// Card says that it is a network card, which there must be, and no bridge or
	// VLAN.
	Card bool
	// MAC is the hardware address of the only card that gets the name, or empty
	// where any does.
	MAC string
	// Addresses are those that do not come by DHCP.
	Addresses []netip.Addr
	// File is the first that speaks of it.
	File string
}

// programs are what uses the files in a directory: without any of them the files
// are left over.
var programs = map[string][]string{
	"/etc/network":                           {"/sbin/ifup", "/usr/sbin/ifup"},
	"/etc/network/interfaces.d":              {"/sbin/ifup", "/usr/sbin/ifup"},
	"/etc/netplan":                           {"/usr/sbin/netplan", "/lib/netplan/generate", "/usr/libexec/netplan/generate"},
	"/etc/NetworkManager/system-connections": {"/usr/sbin/NetworkManager"},
	"/etc/sysconfig/network-scripts":         {"/etc/sysconfig/network-scripts/ifup", "/usr/sbin/NetworkManager"},
	"/etc/sysconfig/network":                 {"/usr/sbin/wicked", "/sbin/ifup", "/usr/sbin/ifup"},
	"/etc/systemd/network": {
		"/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "/etc/systemd/system/dbus-org.freedesktop.network1.service",
		"/etc/systemd/system/sysinit.target.wants/systemd-networkd.service",
	},
}

// ReadConfigured reads which interfaces the guest makes or names at boot, and with
// which addresses.
func ReadConfigured(e *edit.Reader) ([]Configured, error) {
	files, err := networkFiles(e)
	if err != nil {
		return nil, err
	}
	judge(files, nil)
	files = slices.DeleteFunc(files, func(f networkFile) bool { return !f.isUsed(e) })
	bound, err := boundNames(e)
	if err != nil {
		return nil, err
	}
	var all []Configured
	of := func(name, file string) *Configured {
		n := slices.IndexFunc(all, func(c Configured) bool { return c.Name == name })
		if n < 0 {
			all = append(all, Configured{Name: name, MAC: bound[name], File: file})
			n = len(all) - 1
		}
		return &all[n]
	}
	for _, f := range files {
		for _, c := range f.cards {
			if c.Name == "" || c.Idle || c.Doubtful {
				continue
			}
			card := of(c.Name, f.path)
			card.Card = true
			if card.MAC == "" {
				card.MAC = c.MAC
			}
		}
	}
	for _, f := range files {
		if f.format.Addresses == nil {
			continue
		}
		for _, a := range f.format.Addresses(path.Base(f.path), f.text) {
			if a.Interface == "" {
				continue // of any card
			}
			if c := of(a.Interface, f.path); !slices.Contains(c.Addresses, a.Address) {
				c.Addresses = append(c.Addresses, a.Address)
			}
		}
	}
	return all, nil
}

func (f networkFile) isUsed(e *edit.Reader) bool {
	users := programs[path.Dir(f.path)]
	return len(users) == 0 || slices.ContainsFunc(users, e.Exists)
}

// boundNames are the names that this package's own files give to hardware
// addresses.
func boundNames(e *edit.Reader) (map[string]string, error) {
	bound := map[string]string{}
	err := eachFile(e, ownFiles, func(name, text string) {
		if path.Ext(name) == ".link" {
			bound[netconf.LinkName(text)] = netconf.LinkAddress(text)
			return
		}
		for _, rule := range netconf.ReadUdevRules(text) {
			bound[rule.Name] = rule.MAC
		}
	})
	return bound, err
}
