package inject

import (
	"path"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
)

// planNetworkManager stages connection profiles. NetworkManager ignores those
// that others could read.
func (p *plan) planNetworkManager(files []File, managers []manager) {
	for _, file := range files {
		name := path.Join("/etc/NetworkManager/system-connections", file.Filename)
		p.writeHidden(name, withNewline(file.Content), 0o600, root, "NetworkManager file; its content may hold keys and is not shown")
		var interfaces []string
		if name := netconf.ReadKeyfile(file.Content).Interface; name != "" {
			interfaces = []string{name}
		}
		p.warnOtherCard(file.Filename, interfaces)
		p.startManager("NetworkManager.service", interfaces, managers)
	}
}
