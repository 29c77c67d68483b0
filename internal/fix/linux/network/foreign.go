package network

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// foreignFiles are places of network configuration in formats that are searched
// for names and addresses of cards, and never edited.
var foreignFiles = []string{
	"/etc/dhcpcd.conf",
	"/etc/iftab",
	"/etc/mactab",
	"/etc/ifplugd.conf",
	"/etc/conf.d/net",     // Gentoo
	"/etc/netctl/*",       // Arch
	"/etc/nmstate/*.yml",  // RHEL
	"/etc/nmstate/*.yaml", //
	"/etc/rc.d/rc.inet1.conf",
	"/etc/ppp/peers/*",
	"/etc/ppp/pppoe.conf",
	"/etc/wicked/ifconfig/*.xml",
	"/var/lib/connman/*.config",
}

// foreignFile is a file that names cards and is not edited.
type foreignFile struct {
	path  string
	cards []string
	mac   string // the first one in it, or ""
	line  int    // of mac, from 1
}

type foreignNetwork []foreignFile

var (
	foreignWord = regexp.MustCompile(`[0-9A-Za-z]+`)
	// foreignMAC: the words before may be "ethernet_" or "mac=".
	foreignMAC = regexp.MustCompile(`(?i)(?:^|[^0-9a-f:])([0-9a-f]{2}(?::[0-9a-f]{2}){5})(?:$|[^0-9a-f:])`)
)

func readForeign(e *edit.Reader) (foreignNetwork, error) {
	var found foreignNetwork
	err := eachFile(e, foreignFiles, func(name, text string) {
		if leftOver.MatchString(name) {
			return
		}
		if f := searchForeign(name, text); len(f.cards) > 0 || f.mac != "" {
			found = append(found, f)
		}
	})
	return found, err
}

func searchForeign(name, text string) foreignFile {
	f := foreignFile{path: name}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		for _, word := range foreignWord.FindAllString(line, -1) {
			// pppd writes nic-eth0 as one word with its option.
			if netconf.IsCardName(word) && !slices.Contains(f.cards, word) {
				f.cards = append(f.cards, word)
			}
		}
		if match := foreignMAC.FindStringSubmatch(line); match != nil && f.mac == "" {
			f.mac, f.line = strings.ToLower(match[1]), number
		}
	}
	return f
}

// names are the cards that the files speak of.
func (n foreignNetwork) names() []string {
	var names []string
	for _, f := range n {
		for _, name := range f.cards {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (n foreignNetwork) warn(e *edit.Editor) {
	for _, f := range n {
		if f.mac != "" {
			e.Warn(report.ConcernOldCard, fmt.Sprintf("%s line %d names the hardware address %s of the old machine, and files of that kind are not edited", f.path, f.line, f.mac),
				"give the new machine's network card that address, or correct the file in the guest")
		}
	}
}
