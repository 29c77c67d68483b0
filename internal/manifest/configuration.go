package manifest

import (
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Empty reports whether nothing is to be injected.
func (g *Configuration) Empty() bool {
	return isEmpty(reflect.ValueOf(g))
}

// isEmpty reports whether a section and all within it have nothing in them.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil() || isEmpty(v.Elem())
	case reflect.Slice:
		return v.Len() == 0
	case reflect.Struct:
		for _, field := range v.Fields() {
			if !isEmpty(field) {
				return false
			}
		}
		return true
	default:
		return v.IsZero()
	}
}

func (g *Configuration) check(c *collector, fix Fix) {
	if g == nil {
		return
	}
	if !g.Empty() && !fix.Enabled {
		c.add("pipeline.fix", "is off, but it injects the configuration: enable it, or leave configuration out")
	}
	g.Users.check(c)
	g.Services.check(c)
	g.Hostname.check(c)
	if g.MachineID != "" && !slices.Contains(MachineIDs, g.MachineID) {
		c.add("configuration.machine_id", "%q is not known: %s", g.MachineID, oneOf(string(g.MachineID), MachineIDs))
	}
	g.Network.check(c)
	checkScripts(c, g.FirstBoot)
}

// unitName matches systemd unit names, with or without their suffix, and names
// of init scripts.
var unitName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9:_.\\@-]{0,254}$`)

func (s *Services) check(c *collector) {
	if s == nil {
		return
	}
	enabled := map[string]bool{}
	for n, name := range s.Enable {
		checkUnitName(c, element("configuration.services.enable", n), name)
		enabled[strings.TrimSuffix(name, ".service")] = true
	}
	for _, off := range []struct {
		list, done string
		names      []string
	}{{"disable", "disabled", s.Disable}, {"mask", "masked", s.Mask}} {
		for n, name := range off.names {
			at := element("configuration.services."+off.list, n)
			checkUnitName(c, at, name)
			if enabled[strings.TrimSuffix(name, ".service")] {
				c.add(at, "the service %q is enabled and %s: keep one of the two", name, off.done)
			}
		}
	}
}

func checkUnitName(c *collector, at, name string) {
	if !unitName.MatchString(name) {
		c.add(at, "%q is not the name of a service or unit", name)
	}
}

// The longest names: HOST_NAME_MAX of Linux and RFC 1035.
const (
	maxHostname   = 64
	maxDomainName = 253
)

var (
	// domainName matches names of RFC 1123.
	domainName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)
	// hostsName matches names of /etc/hosts, where underscores are in use.
	hostsName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)
)

func (h *Hostname) check(c *collector) {
	if h == nil {
		return
	}
	goodHostname := len(h.Hostname) <= maxHostname && domainName.MatchString(h.Hostname)
	if h.Hostname != "" && !goodHostname {
		c.add("configuration.hostname.hostname", "%q is not a host name: use up to %d letters, digits and inner hyphens", h.Hostname, maxHostname)
	}
	if h.Domain != "" && (len(h.Domain) > maxDomainName || !domainName.MatchString(h.Domain)) {
		c.add("configuration.hostname.domain", "%q is not a domain name", h.Domain)
	}
	if _, own, qualified := strings.Cut(h.Hostname, "."); goodHostname && qualified && h.Domain != "" && !strings.EqualFold(own, h.Domain) {
		c.add("configuration.hostname.domain", "the host name %q is in another domain: leave domain out, or give hostname without one", h.Hostname)
	}
	for n, host := range h.Hosts {
		host.check(c, element("configuration.hostname.hosts", n))
	}
}

func (h Host) check(c *collector, at string) {
	if _, err := netip.ParseAddr(h.IP); err != nil {
		c.add(at+".ip", "%q is not an IPv4 or IPv6 address", h.IP)
	}
	names := strings.Fields(h.Hostname)
	if len(names) == 0 {
		c.add(at+".hostname", "must not be empty")
	}
	if hasControl(strings.ReplaceAll(h.Hostname, "\t", " ")) {
		c.add(at+".hostname", "%q is more than one line", h.Hostname)
		return
	}
	for _, name := range names {
		if len(name) > maxDomainName || !hostsName.MatchString(name) {
			c.add(at+".hostname", "%q is not a host name", name)
		}
	}
}
