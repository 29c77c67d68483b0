package inject

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// udevName finds the name that a line of udev(7) gives to a network card.
var udevName = regexp.MustCompile(`SUBSYSTEM=="net".*\bNAME="([^"]+)"`)

// cardNames are the names that rules of the guest give to network cards. The
// fix stage writes such rules, so that cards keep the names of the old machine.
func (p *plan) cardNames() []string {
	var names []string
	for _, file := range p.matching("/etc/systemd/network", "*.link") {
		parsed := conf.ReadINI(p.mustRead(file))
		names = append(names, parsed.Words("Link", "Name")...)
	}
	for _, file := range p.matching("/etc/udev/rules.d", "*.rules") {
		for _, match := range udevName.FindAllStringSubmatch(p.mustRead(file), -1) {
			names = append(names, match[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// cardName matches names of network cards, and no others.
var cardName = regexp.MustCompile(`^(eth[0-9]|en[opsx]|em[0-9]|p[0-9]+p[0-9])`)

// warnOtherCard tells of a file for network cards that the guest will not have.
func (p *plan) warnOtherCard(filename string, interfaces []string) {
	names := p.cardNames()
	if len(names) == 0 || len(interfaces) == 0 {
		return
	}
	for _, name := range interfaces {
		if !cardName.MatchString(name) || matchesAny(names, name) {
			return
		}
	}
	p.warn(fmt.Sprintf("%s is for %s, but the network card keeps the name %s: the file has no effect on it",
		filename, strings.Join(interfaces, " and "), strings.Join(names, " or ")),
		fmt.Sprintf("write %s in place of %s", names[0], interfaces[0]))
}
