package inject

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// cardNames are the names that rules of the guest give to network cards. The
// fix stage writes such rules, so that cards keep the names of the old machine.
func cardNames(p *plan) []string {
	var names []string
	for _, file := range p.matching("/etc/systemd/network", "*.link") {
		if name := netconf.LinkName(readWhole(p, file).String()); name != "" {
			names = append(names, name)
		}
	}
	for _, file := range p.matching("/etc/udev/rules.d", "*.rules") {
		for _, rule := range netconf.ReadUdevRules(p.mustRead(file)) {
			if rule.Net {
				names = append(names, rule.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// cardName matches names of network cards, and no others.
var cardName = regexp.MustCompile(`^(eth[0-9]|en[opsx]|em[0-9]|p[0-9]+p[0-9])`)

// warnOtherCard tells of a file for network cards that the guest will not have.
func warnOtherCard(p *plan, filename string, interfaces []string) {
	names := cardNames(p)
	if len(names) == 0 || len(interfaces) == 0 {
		return
	}
	for _, name := range interfaces {
		if !cardName.MatchString(name) || matchesAny(names, name) {
			return
		}
	}
	p.warn(report.ConcernNetworkFiles, fmt.Sprintf("%s is for %s, but the network card keeps the name %s: the file has no effect on it",
		filename, strings.Join(interfaces, " and "), strings.Join(names, " or ")),
		fmt.Sprintf("write %s in place of %s", names[0], interfaces[0]))
}
