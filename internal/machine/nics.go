package machine

import (
	"cmp"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// CorrectNICs are the network cards that a person has given, or those of the
// description where none are. What the description says of a card with the same
// hardware address holds as far as the person said nothing else.
func CorrectNICs(described, given []report.NIC) []report.NIC {
	if len(given) == 0 {
		return described
	}
	var nics []report.NIC
	for _, nic := range given {
		nic.MAC = macAddress(nic.MAC)
		if at := slices.IndexFunc(described, func(d report.NIC) bool { return d.MAC == nic.MAC }); at >= 0 {
			old := described[at]
			nic.Name, nic.Model, nic.Slot, nic.Static = old.Name, old.Model, old.Slot, old.Static
			nic.Network = cmp.Or(nic.Network, old.Network)
		}
		nics = append(nics, nic)
	}
	return nics
}
