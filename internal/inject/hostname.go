package inject

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/distro"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// machineName is the guest's name. Domain may be empty, and so may name be in a
// guest that keeps its own.
type machineName struct{ name, domain string }

// short is the first label.
func (m machineName) short() string {
	short, _, _ := strings.Cut(m.name, ".")
	return short
}

// qualified is the name with its domain, if there is one.
func (m machineName) qualified() string {
	if m.domain == "" || strings.HasSuffix(strings.ToLower(m.name), "."+strings.ToLower(m.domain)) {
		return m.name
	}
	return m.short() + "." + m.domain
}

// aliases are the names of the machine, the canonical one first.
func (m machineName) aliases() []string {
	if m.qualified() == m.short() {
		return []string{m.short()}
	}
	return []string{m.qualified(), m.short()}
}

func planHostname(p *plan, family distro.Family, wanted *manifest.Hostname) error {
	if wanted == nil || wanted.Hostname == "" && wanted.Domain == "" && len(wanted.Hosts) == 0 {
		return nil
	}
	m := machineName{wanted.Hostname, wanted.Domain}
	old := currentHostname(p)
	if m.name == "" && m.domain != "" {
		if old == "" {
			return fmt.Errorf("%s.domain: the guest has no host name that the domain could belong to; set hostname too", attrHostname)
		}
		m.name, _, _ = strings.Cut(old, ".")
	}
	if wanted.Hostname != "" {
		planHostnameFiles(p, m)
	}
	return planHosts(p, family, m, wanted.Hosts, old)
}

// currentHostname is the guest's name so far, or "".
func currentHostname(p *plan) string {
	for line := range strings.Lines(p.mustRead("/etc/hostname")) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line
		}
	}
	return firstNonEmpty(
		conf.Assignments(p.mustRead("/etc/sysconfig/network"))["HOSTNAME"],
		strings.TrimSpace(p.mustRead("/etc/HOSTNAME")),
		conf.Assignments(p.mustRead("/etc/conf.d/hostname"))["hostname"],
	)
}

// planHostnameFiles writes hostname(5) and what older systems have instead.
func planHostnameFiles(p *plan, m machineName) {
	p.writeText("/etc/hostname", m.name+"\n", "host name")
	if text, ok, err := p.read("/etc/HOSTNAME"); err == nil && ok && p.isFile("/etc/HOSTNAME") && strings.TrimSpace(text) != m.qualified() {
		p.writeText("/etc/HOSTNAME", m.qualified()+"\n", "host name")
	}
	for file, key := range map[string]string{"/etc/sysconfig/network": "HOSTNAME", "/etc/conf.d/hostname": "hostname"} {
		if text := p.mustRead(file); conf.Assignments(text)[key] != "" {
			text = setAssignment(text, key, m.name)
			p.editText(file, text, meantValue(key), "host name")
			if conf.Assignments(text)[key] != m.name {
				p.warn(report.ConcernHostname, fmt.Sprintf("%s in the guest assigns %s in a way that is not understood: it keeps the old name", file, key), "set "+key+"="+m.name+" there in the guest")
			}
		}
	}
	keepFromCloudInit(p, "99-keep-hostname.cfg", "preserve_hostname: true\nmanage_etc_hosts: false\n", "keep cloud-init from setting the host name")
}

// setAssignment replaces the value wherever a shell file assigns it to key. What is
// no valid shell file stays.
func setAssignment(text, key, value string) string {
	values, err := conf.ShellValues(text)
	if err != nil {
		return text
	}
	var edits []conf.Edit
	for _, v := range values {
		if v.Name == key && v.Whole {
			edits = append(edits, conf.Edit{Start: v.Start, End: v.End, Text: value})
		}
	}
	return conf.ApplyEdits(text, edits)
}

// debianLoopback is where Debian puts the name of a machine without a
// permanent address (Debian Reference, 5.1.1).
var debianLoopback = netip.AddrFrom4([4]byte{127, 0, 1, 1})

// planHosts merges /etc/hosts.
func planHosts(p *plan, family distro.Family, m machineName, wanted []manifest.Host, old string) error {
	text, _, err := p.read("/etc/hosts")
	if err != nil {
		return err
	}
	if text == "" {
		text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
	}
	hosts := parseHosts(text)
	named := m.aliases()
	if m.name != "" && old != "" {
		short, _, _ := strings.Cut(old, ".")
		former := oldNames(hosts, short)
		hosts.rename(former)
		named = append(named, former...)
	}
	for i, host := range wanted {
		address, err := netip.ParseAddr(host.IP)
		if err != nil {
			return fmt.Errorf("%s.hosts[%d].ip: %q is no IP address", attrHostname, i, host.IP)
		}
		named = append(named, strings.Fields(host.Hostname)...)
		if conflicts := hosts.add(address, strings.Fields(host.Hostname)); len(conflicts) > 0 {
			p.warn(report.ConcernHostname, fmt.Sprintf("the guest's /etc/hosts has another address for %s: it comes first and wins", quotedList(conflicts)),
				"remove the old line from /etc/hosts in the guest")
		}
	}
	if m.name != "" && !hosts.holds(m.short()) {
		switch {
		case family == distro.Debian:
			hosts.setLoopback(debianLoopback, m.aliases())
		case m.qualified() != m.short() || !usesMyHostname(p):
			hosts.setLoopback(localhost, m.aliases())
		}
	}
	p.editText("/etc/hosts", hosts.String(), meantHosts(named), "host names and addresses")
	return nil
}

// oldNames are the old machine's short name and that name in any domain, as
// they stand at loopback addresses.
func oldNames(hosts *hostsFile, short string) []string {
	var names []string
	for _, line := range hosts.lines {
		address, have, _ := splitHost(line)
		if !address.IsValid() || !address.IsLoopback() {
			continue
		}
		for _, name := range have {
			if label, _, _ := strings.Cut(name, "."); strings.EqualFold(label, short) {
				names = append(names, name)
			}
		}
	}
	return names
}

// usesMyHostname reports whether the guest resolves its own name without
// /etc/hosts (nss-myhostname(8)).
func usesMyHostname(p *plan) bool {
	for _, file := range []string{"/etc/nsswitch.conf", "/usr/etc/nsswitch.conf"} {
		for line := range strings.Lines(p.mustRead(file)) {
			if services, ok := strings.CutPrefix(strings.TrimSpace(line), "hosts:"); ok {
				return containsFold(strings.Fields(services), "myhostname")
			}
		}
	}
	return false
}
