package inject

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
)

// manager is a program of the guest that is enabled and configures interfaces
// at boot.
type manager struct {
	name    string
	service string
	// static says that nothing enables the service, so that only masking it
	// keeps it from starting.
	static bool
	// all is set where it takes every interface but those in except.
	all        bool
	except     []string
	interfaces []string
}

// managesAny reports whether it manages one of the interfaces. No interfaces
// mean any, and patterns may stand for names.
func (m manager) managesAny(interfaces []string) bool {
	if len(interfaces) == 0 {
		return m.all || len(m.interfaces) > 0
	}
	return slices.ContainsFunc(interfaces, func(name string) bool {
		if m.all {
			return !matchesAny(m.except, name)
		}
		return matchesAny(m.interfaces, name)
	})
}

// stop says what keeps it from starting.
func (m manager) stop() string {
	if m.static {
		return "mask " + m.service
	}
	return "disable " + m.service
}

// matchesAny compares names of which either may be a pattern.
func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		one, _ := path.Match(pattern, name)
		other, _ := path.Match(name, pattern)
		return one || other
	})
}

// readManagers finds the network managers that the guest starts, after what
// the manifest says about services.
func readManagers(p *plan, s *services) []manager {
	var managers []manager
	if s.starts("NetworkManager.service") {
		managers = append(managers, manager{name: "NetworkManager", service: "NetworkManager.service", all: true, except: unmanaged(p)})
	}
	if s.starts("systemd-networkd.service") {
		m := manager{name: "systemd-networkd", service: "systemd-networkd.service"}
		for _, directory := range []string{"/etc/systemd/network", "/usr/lib/systemd/network"} {
			for _, file := range p.matching(directory, "*.network") {
				m.interfaces = append(m.interfaces, netconf.MatchNames(readWhole(p, file))...)
			}
		}
		managers = append(managers, m)
	}
	managers = append(managers, ifupdown(p, s)...)
	if names := ifcfgInterfaces(p); s.starts("network.service") && len(names) > 0 {
		managers = append(managers, manager{name: "the network service (ifcfg files)", service: "network.service", interfaces: names})
	}
	if names := ifcfgInterfaces(p); s.starts("wicked.service") && len(names) > 0 {
		managers = append(managers, manager{name: "wicked (ifcfg files)", service: "wicked.service", interfaces: names})
	}
	for _, service := range []string{"dhcpcd", "connman"} {
		if s.starts(service + ".service") {
			managers = append(managers, manager{name: service, service: service + ".service", all: true})
		}
	}
	return managers
}

// unmanaged lists the interfaces that NetworkManager is told to leave alone.
func unmanaged(p *plan) []string {
	files := []string{"/etc/NetworkManager/NetworkManager.conf"}
	files = append(files, p.matching("/etc/NetworkManager/conf.d", "*.conf")...)
	var names []string
	for _, file := range files {
		parsed := conf.ReadINI(p.mustRead(file))
		for _, device := range strings.FieldsFunc(parsed.Value("keyfile", "unmanaged-devices"), func(r rune) bool { return r == ';' || r == ',' }) {
			if device = strings.TrimSpace(device); device == "*" {
				names = append(names, device)
			} else if name, ok := strings.CutPrefix(device, "interface-name:"); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// ifupdown brings up the interfaces marked auto by its service, and each one
// marked allow-hotplug when the kernel finds it, service or not.
func ifupdown(p *plan, s *services) []manager {
	const name = "ifupdown (/etc/network/interfaces)"
	auto, hotplug := interfacesFile(p)
	var managers []manager
	if len(auto) > 0 && s.starts("networking.service") {
		managers = append(managers, manager{name: name, service: "networking.service", interfaces: auto})
	}
	if !p.exists("/usr/lib/udev/ifupdown-hotplug") && !p.exists("/lib/udev/ifupdown-hotplug") {
		return managers
	}
	for _, card := range hotplug {
		service := "ifup@" + card + ".service"
		if s.units != nil {
			if found, ok := s.units.find(service); ok && found.Masked {
				continue
			}
		}
		managers = append(managers, manager{name: name, service: service, static: true, interfaces: []string{card}})
	}
	return managers
}

// interfacesFile lists the interfaces that interfaces(5) brings up.
func interfacesFile(p *plan) (auto, hotplug []string) {
	files := append([]string{"/etc/network/interfaces"}, p.matching("/etc/network/interfaces.d", "*")...)
	for _, name := range files {
		file := netconf.ReadIfupdown(p.mustRead(name))
		auto, hotplug = append(auto, file.Auto...), append(hotplug, file.Hotplug...)
	}
	loopback := func(name string) bool { return name == "lo" }
	return slices.DeleteFunc(auto, loopback), slices.DeleteFunc(hotplug, loopback)
}

// ifcfgInterfaces lists the interfaces with an ifcfg file that is brought up
// at boot.
func ifcfgInterfaces(p *plan) []string {
	var names []string
	for _, directory := range []string{"/etc/sysconfig/network-scripts", "/etc/sysconfig/network"} {
		for _, name := range p.matching(directory, "ifcfg-*") {
			if file := netconf.ReadIfcfg(path.Base(name), p.mustRead(name)); file.Name != "lo" && file.Starts {
				names = append(names, file.Name)
			}
		}
	}
	return names
}
