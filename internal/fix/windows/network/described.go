package network

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// isOfMachine says that the card hangs on a bus of the machine, which has another card in its
// place.
func (c *adapter) isOfMachine() bool {
	return c.hasPrefix(`pci\`, `vmbus\`, `xenvif\`, `xen\`)
}

// isOfCards says that it is made of cards, which go: Windows' own teams, bridges and switches of
// Hyper-V, and the teams of Intel, Broadcom and HP. Others, such as those of a VPN, need no
// card and stay as they are.
func (c *adapter) isOfCards() bool {
	return c.hasPrefix(`compositebus\ms_implat_mp`, "ms_implat_mp", "ms_bridge", "vms_", "ians", "basp", "cpqteam")
}

func (c *adapter) hasPrefix(prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(c.component, prefix) })
}

// components are the devices of VMware's models of cards, which descriptions name.
var components = map[string]string{
	"vmxnet3": `pci\ven_15ad&dev_07b0`, "vmxnet2": `pci\ven_15ad&dev_0720`, "vmxnet": `pci\ven_15ad&dev_0720`,
	"e1000": `pci\ven_8086&dev_100f`, "e1000e": `pci\ven_8086&dev_10d3`, "pcnet32": `pci\ven_1022&dev_2000`, "vlance": `pci\ven_1022&dev_2000`,
}

// described are those cards that the old machine had when it was described, where each
// of it is found, by its MAC or else by its slot, and then with its MAC. Windows keeps all
// that it knows of others, which the machine had before. Where one is not found, all
// cards may be meant.
func described(cards []*adapter, old []report.NIC) []*adapter {
	if len(old) == 0 {
		return cards
	}
	found := make([]*adapter, len(old))
	for _, is := range []func(*adapter, report.NIC) bool{
		func(c *adapter, nic report.NIC) bool { return c.MAC != "" && c.MAC == macOf(nic.MAC) },
		func(c *adapter, nic report.NIC) bool { return nic.Slot > 0 && c.slot == uint64(nic.Slot) },
	} {
		for n, nic := range old {
			if found[n] == nil {
				found[n] = theOne(cards, nic, func(c *adapter) bool { return is(c, nic) && !slices.Contains(found, c) })
			}
		}
	}
	if slices.Contains(found, nil) {
		return cards
	}
	for n, card := range found {
		if mac := macOf(old[n].MAC); mac != "" {
			card.MAC = mac
		}
	}
	return found
}

// theOne is the only card of which fits is true, or the only one of those that is of the
// described model, or nil.
func theOne(cards []*adapter, nic report.NIC, fits func(*adapter) bool) *adapter {
	all := slices.DeleteFunc(slices.Clone(cards), func(c *adapter) bool { return !fits(c) })
	if component, known := components[strings.ToLower(nic.Model)]; known && len(all) > 1 {
		all = slices.DeleteFunc(all, func(c *adapter) bool { return !c.hasPrefix(component) })
	}
	if len(all) != 1 {
		return nil
	}
	return all[0]
}
