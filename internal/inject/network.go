package inject

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// fileName leads to no other directory and is no hidden file.
var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.@:+-]{0,127}$`)

func (n Network) validate() error {
	return errors.Join(
		validateFiles(attrNetworkd, n.SystemdNetworkd, checkNetworkdFile, ".network", ".netdev", ".link"),
		validateFiles(attrNetplan, n.Netplan, checkNetplanFile, ".yaml"),
		validateFiles(attrNetworkManager, n.NetworkManager, checkKeyfile, ".nmconnection"),
	)
}

// validateFiles checks names and contents. check returns an error without any
// of the content.
func validateFiles(attr string, files []File, check func(File) error, suffixes ...string) error {
	var errs []error
	seen := map[string]bool{}
	for i, file := range files {
		name := attribute(attr, i, "filename")
		switch {
		case !fileName.MatchString(file.Filename):
			errs = append(errs, fmt.Errorf("%s: %q is no plain file name; give it without a directory", name, file.Filename))
			continue
		case !hasSuffix(file.Filename, suffixes):
			errs = append(errs, fmt.Errorf("%s: %q must end in %s, or it is not read", name, file.Filename, strings.Join(suffixes, ", ")))
			continue
		case seen[file.Filename]:
			errs = append(errs, fmt.Errorf("%s: two files are called %q; give each its own name", name, file.Filename))
		}
		seen[file.Filename] = true
		if err := check(file); err != nil {
			errs = append(errs, fmt.Errorf("%s of %q: %w", attribute(attr, i, "content"), file.Filename, err))
		}
	}
	return errors.Join(errs...)
}

func hasSuffix(name string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// planNetwork plans the files of each manager and sees to it that the manager
// runs, where no other would fight with it.
func planNetwork(p *plan, o Options) error {
	n := o.Network
	if len(n.SystemdNetworkd)+len(n.Netplan)+len(n.NetworkManager) == 0 {
		return nil
	}
	managers := p.readManagers()
	p.planNetworkd(n.SystemdNetworkd, managers)
	p.planNetplan(n.Netplan, managers)
	p.planNetworkManager(n.NetworkManager, managers)
	p.keepFromCloudInit("99-keep-network.cfg", "network: {config: disabled}\n", "keep cloud-init from writing network files")
	return nil
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
func (p *plan) startManager(service string, interfaces []string, managers []manager) {
	if p.units == nil {
		p.warn(fmt.Sprintf("the guest does not use systemd: %s was not enabled", service), "")
		return
	}
	found, ok := p.units.find(service)
	if !ok {
		p.warn(fmt.Sprintf("the guest has no %s: the network files have no effect", service), "install it in the guest, or configure the manager that the guest uses")
		return
	}
	var others []string
	for _, m := range managers {
		if m.service != found.Name && m.managesAny(interfaces) {
			others = append(others, m.name)
		}
	}
	if len(others) > 0 {
		p.warn(fmt.Sprintf("%s in the guest manages %s too: it will fight with %s", strings.Join(others, " and "), describeInterfaces(interfaces), service),
			fmt.Sprintf("configure the interface there, or disable it under services and enable %s", service))
		return
	}
	if !p.units.enabled(found.Name) {
		p.units.enable(found, ": nothing else manages "+describeInterfaces(interfaces))
	}
}

func describeInterfaces(interfaces []string) string {
	if len(interfaces) == 0 {
		return "the interfaces"
	}
	return strings.Join(interfaces, " and ")
}
