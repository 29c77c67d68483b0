package inject

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// networkPlanner stages the files of network managers.
type networkPlanner struct {
	plan     *plan
	services *services
	managers []manager
}

// planNetwork plans the files of each manager and sees to it that the manager
// runs, where no other would fight with it.
func planNetwork(p *plan, s *services, wanted *manifest.Network) {
	if wanted == nil || len(wanted.SystemdNetworkd)+len(wanted.Netplan)+len(wanted.NetworkManager) == 0 {
		return
	}
	n := networkPlanner{plan: p, services: s, managers: readManagers(p, s)}
	n.planNetworkd(wanted.SystemdNetworkd)
	n.planNetplan(wanted.Netplan)
	n.planNetworkManager(wanted.NetworkManager)
	keepFromCloudInit(p, "99-keep-network.cfg", "network: {config: disabled}\n", "keep cloud-init from writing network files")
}

// withNewline ends a text as a file should.
func withNewline(text string) string {
	if text != "" && !strings.HasSuffix(text, "\n") {
		return text + "\n"
	}
	return text
}

// startManager enables a network manager's unit for interfaces, which may be
// empty for "any", unless another one manages them.
func (n *networkPlanner) startManager(service string, interfaces []string, managers []manager) {
	units := n.services.units
	if units == nil {
		n.plan.warn(report.ConcernNetworkFiles, fmt.Sprintf("the guest does not use systemd: %s was not enabled", service),
			"have the guest's own init start it, or configure the manager of networks that the guest uses")
		return
	}
	found, ok := units.find(service)
	if !ok {
		n.plan.warn(report.ConcernNetworkFiles, fmt.Sprintf("the guest has no %s: the network files have no effect", service), "install it in the guest, or configure the manager that the guest uses")
		return
	}
	var others, stops []string
	for _, m := range managers {
		if m.service == found.Name || !m.managesAny(interfaces) {
			continue
		}
		if !slices.Contains(others, m.name) {
			others = append(others, m.name)
		}
		stops = append(stops, m.stop())
	}
	if len(others) > 0 {
		n.plan.warn(report.ConcernNetworkFiles, fmt.Sprintf("%s in the guest manages %s too: it will fight with %s", strings.Join(others, " and "), describeInterfaces(interfaces), service),
			fmt.Sprintf("configure the interface there, or %s under services and enable %s", strings.Join(stops, " and "), service))
		return
	}
	if !units.enabled(found.Name) {
		units.enable(found, ": nothing else manages "+describeInterfaces(interfaces))
	}
}

func describeInterfaces(interfaces []string) string {
	if len(interfaces) == 0 {
		return "the interfaces"
	}
	return strings.Join(interfaces, " and ")
}
