package inject

import (
	"path"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
)

// planNetworkManager stages connection profiles. NetworkManager ignores those
// that others could read.
func (n *networkPlanner) planNetworkManager(files []manifest.NetworkFile) {
	p := n.plan
	for _, file := range files {
		name := path.Join("/etc/NetworkManager/system-connections", file.Filename)
		p.writeHidden(name, withNewline(file.Content), 0o600, root, "NetworkManager file; its content may hold keys and is not shown")
		var interfaces []string
		if name := netconf.ReadKeyfile(file.Content).Interface; name != "" {
			interfaces = []string{name}
		}
		warnOtherCard(p, file.Filename, interfaces)
		n.startManager("NetworkManager.service", interfaces, n.managers)
	}
}
