package inject

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

const networkdDirectory = "/etc/systemd/network"

// checkNetworkdFile refuses a file that systemd would not use.
func checkNetworkdFile(file File) error {
	ini, bad := parseINI(file.Content)
	section := "Match"
	if strings.HasSuffix(file.Filename, ".netdev") {
		section = "NetDev"
	}
	switch {
	case len(bad) > 0:
		return fmt.Errorf("line %d is neither [Section] nor Key=value", bad[0])
	case !ini.has(section):
		return fmt.Errorf("there is no [%s] section, without which the file has no effect", section)
	}
	return nil
}

// matchNames returns the names in the [Match] section. None mean that it
// matches by other properties.
func matchNames(ini iniFile) []string {
	return slices.DeleteFunc(ini.words("Match", "Name"), func(name string) bool { return strings.HasPrefix(name, "!") })
}

// planNetworkd stages files of systemd-networkd (and, for .link, of udev).
func (p *plan) planNetworkd(files []File, managers []manager) {
	for _, file := range files {
		name := path.Join(networkdDirectory, file.Filename)
		ini, _ := parseINI(file.Content)
		perm, by := p.networkdMode(ini)
		existing := p.matching(networkdDirectory, "*.network")
		p.writeHidden(name, withNewline(file.Content), perm, by, "systemd-networkd file; its content may hold keys and is not shown")
		if strings.HasSuffix(file.Filename, ".link") {
			continue
		}
		interfaces := matchNames(ini)
		if strings.HasSuffix(file.Filename, ".netdev") {
			interfaces = ini.words("NetDev", "Name")
		} else {
			p.warnShadowed(file.Filename, interfaces, existing)
			p.warnDNS(file.Filename, ini)
		}
		p.startManager("systemd-networkd.service", interfaces, managers)
	}
}

// networkdMode lets only systemd-networkd read a file with keys (the manual
// asks for that in systemd.netdev(5)).
func (p *plan) networkdMode(ini iniFile) (perm fs.FileMode, by owner) {
	secret := func(e iniEntry) bool {
		return slices.Contains([]string{"PrivateKey", "PresharedKey", "Password", "Key"}, e.key)
	}
	if !slices.ContainsFunc(ini, func(s iniSection) bool { return slices.ContainsFunc(s.entries, secret) }) {
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
func (p *plan) warnShadowed(filename string, interfaces, existing []string) {
	for _, other := range existing {
		if path.Base(other) >= filename {
			continue
		}
		ini, _ := parseINI(p.mustRead(other))
		for _, name := range interfaces {
			if matchesAny(matchNames(ini), name) {
				p.warn(fmt.Sprintf("%s in the guest comes first and matches %s too: %s has no effect on it", other, name, filename),
					"give the file a name that sorts before "+path.Base(other))
			}
		}
	}
}

// warnDNS tells where DNS= leads nowhere.
func (p *plan) warnDNS(filename string, ini iniFile) {
	if len(ini.words("Network", "DNS")) == 0 || (p.units != nil && p.units.enabled("systemd-resolved.service")) {
		return
	}
	if slices.ContainsFunc(strings.Split(p.mustRead("/etc/resolv.conf"), "\n"), func(line string) bool { return strings.HasPrefix(line, "nameserver") }) {
		return
	}
	p.warn(fmt.Sprintf("%s sets DNS=, which takes effect only where systemd-resolved runs; it is not enabled in the guest", filename),
		"enable systemd-resolved under services, or write /etc/resolv.conf in the guest")
}
