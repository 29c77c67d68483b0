package inject

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"

// planMachineID makes the guest generate a new id. The file stays and is
// empty: without it systemd takes the next boot for the first one ever and
// applies its presets over the services chosen here (machine-id(5)).
func planMachineID(p *plan, systemd bool, wanted manifest.MachineID) {
	if wanted != manifest.MachineIDReset {
		return
	}
	const description = "reset the machine id; the guest makes a new one when it boots"
	if systemd || p.exists("/etc/machine-id") {
		p.stage("/etc/machine-id", change{kind: kindFile, perm: 0o444, show: showAll}, description)
	}
	// D-Bus's own copy would bring the old id back; a link follows by itself.
	if p.isFile("/var/lib/dbus/machine-id") {
		p.remove("/var/lib/dbus/machine-id", description)
	}
}
