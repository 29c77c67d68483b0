package inject

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// planNetplan stages netplan files, which only root may read.
func (n *networkPlanner) planNetplan(files []manifest.NetworkFile) {
	p := n.plan
	if len(files) == 0 {
		return
	}
	if !p.exists("/usr/sbin/netplan") && !p.exists("/usr/bin/netplan") && !p.exists("/sbin/netplan") {
		p.warn(report.ConcernNetworkFiles, "the guest has no netplan: its files have no effect", "install netplan.io in the guest, or configure the manager that the guest uses")
	}
	existing := p.matching("/etc/netplan", "*.yaml")
	for _, file := range files {
		parsed, _ := netconf.ReadNetplan(file.Content)
		p.writeHidden(path.Join("/etc/netplan", file.Filename), withNewline(file.Content), 0o600, root, "netplan file; its content may hold keys and is not shown")
		warnMerged(p, file.Filename, parsed, existing)
		warnOtherCard(p, file.Filename, parsed.Named)
		if parsed.Renderer == "NetworkManager" {
			n.startManager("NetworkManager.service", parsed.Interfaces, n.managers)
			continue
		}
		// netplan itself tells NetworkManager to leave these interfaces alone.
		others := slices.DeleteFunc(slices.Clone(n.managers), func(m manager) bool { return m.service == "NetworkManager.service" })
		n.startManager("systemd-networkd.service", parsed.Interfaces, others)
	}
}

// warnMerged tells of files that define the same interface: netplan merges
// them, and old addresses stay.
func warnMerged(p *plan, filename string, parsed netconf.Netplan, existing []string) {
	for _, other := range existing {
		if path.Base(other) == filename {
			continue
		}
		theirs, _ := netconf.ReadNetplan(p.mustRead(other))
		var both []string
		for _, name := range parsed.Interfaces {
			if slices.Contains(theirs.Interfaces, name) {
				both = append(both, name)
			}
		}
		if len(both) > 0 {
			p.warn(report.ConcernNetworkFiles, fmt.Sprintf("%s in the guest defines %s too: netplan merges it with %s", other, strings.Join(both, " and "), filename),
				fmt.Sprintf("call the file %s to replace it", path.Base(other)))
		}
	}
}
