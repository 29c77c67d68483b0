package inject

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const networkdDirectory = "/etc/systemd/network"

// readWhole is a file of systemd-networkd or a .link file with its drop-ins, which
// are read as one.
func readWhole(p *plan, file string) conf.INI {
	text := p.mustRead(file)
	for _, dropIn := range p.matching(path.Join(networkdDirectory, path.Base(file)+".d"), "*.conf") {
		text += "\n" + p.mustRead(dropIn)
	}
	return conf.ReadINI(text)
}

// planNetworkd stages files of systemd-networkd (and, for .link, of udev).
func (n *networkPlanner) planNetworkd(files []manifest.NetworkFile) {
	p := n.plan
	for _, file := range files {
		name := path.Join(networkdDirectory, file.Filename)
		parsed := conf.ReadINI(file.Content)
		perm, by := networkdMode(p, parsed)
		existing := p.matching(networkdDirectory, "*.network")
		p.writeHidden(name, withNewline(file.Content), perm, by, "systemd-networkd file; its content may hold keys and is not shown")
		if strings.HasSuffix(file.Filename, ".link") {
			continue
		}
		interfaces := netconf.MatchNames(parsed)
		if strings.HasSuffix(file.Filename, ".netdev") {
			interfaces = parsed.Words("NetDev", "Name")
		} else {
			warnShadowed(p, file.Filename, interfaces, existing)
			warnDNS(p, n.services.units, file.Filename, parsed)
			warnOtherCard(p, file.Filename, interfaces)
		}
		n.startManager("systemd-networkd.service", interfaces, n.managers)
	}
}

// networkdMode lets only systemd-networkd read a file with keys (the manual
// asks for that in systemd.netdev(5)).
func networkdMode(p *plan, parsed conf.INI) (perm fs.FileMode, by owner) {
	if !parsed.HasKey("PrivateKey", "PresharedKey", "Password", "Key") {
		return 0o644, root
	}
	if group, ok := parseColonFile(p.mustRead("/etc/group"), 4).find("systemd-network"); ok {
		if gid, err := strconv.Atoi(group[groupGID]); err == nil {
			return 0o640, owner{gid: gid}
		}
	}
	return 0o644, root // or systemd-networkd could not read it
}

// warnShadowed tells of a file that systemd-networkd meets first for the same
// interface: only one file counts for each.
func warnShadowed(p *plan, filename string, interfaces, existing []string) {
	for _, other := range existing {
		if path.Base(other) >= filename {
			continue
		}
		parsed := readWhole(p, other)
		for _, name := range interfaces {
			if matchesAny(netconf.MatchNames(parsed), name) {
				p.warn(report.ConcernNetworkFiles, fmt.Sprintf("%s in the guest comes first and matches %s too: %s has no effect on it", other, name, filename),
					"give the file a name that sorts before "+path.Base(other))
			}
		}
	}
}

// warnDNS tells where DNS= leads nowhere.
func warnDNS(p *plan, units *units, filename string, parsed conf.INI) {
	if len(parsed.Words("Network", "DNS")) == 0 || (units != nil && units.enabled("systemd-resolved.service")) {
		return
	}
	if slices.ContainsFunc(strings.Split(p.mustRead("/etc/resolv.conf"), "\n"), func(line string) bool { return strings.HasPrefix(line, "nameserver") }) {
		return
	}
	p.warn(report.ConcernNetworkFiles, fmt.Sprintf("%s sets DNS=, which takes effect only where systemd-resolved runs; it is not enabled in the guest", filename),
		"enable systemd-resolved under services, or write /etc/resolv.conf in the guest")
}
