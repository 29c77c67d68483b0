package probe

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"

// agentPrograms are where distributions have QEMU's guest agent.
var agentPrograms = []string{"/usr/sbin/qemu-ga", "/usr/bin/qemu-ga"}

// What starts it: with systemd a rule of udev's for its channel or a unit that is
// wanted, and the runlevels of SysV's init and of OpenRC.
var (
	agentUnits = []string{
		"/usr/lib/udev/rules.d/*qemu-guest-agent.rules", "/lib/udev/rules.d/*qemu-guest-agent.rules",
		"/etc/systemd/system/*.wants/qemu-guest-agent.service", "/usr/lib/systemd/system/*.wants/qemu-guest-agent.service",
	}
	agentScripts = []string{
		"/etc/rc[2-5].d/S[0-9][0-9]qemu-g*a*", "/etc/rc.d/rc[2-5].d/S[0-9][0-9]qemu-g*a*", "/etc/runlevels/*/qemu-guest-agent",
	}
)

// agentMask is a link to nothing where an administrator does not want it.
const agentMask = "/etc/systemd/system/qemu-guest-agent.service"

// hasAgent says that the guest has QEMU's guest agent and starts it.
func hasAgent(e *edit.Reader) (bool, error) {
	installed := false
	for _, program := range agentPrograms {
		installed = installed || e.Exists(program)
	}
	if target, err := e.Readlink(agentMask); !installed || err == nil && target == "/dev/null" {
		return false, nil
	}
	starts := agentScripts
	if hasSystemd(e) {
		starts = agentUnits
	}
	for _, pattern := range starts {
		found, err := e.Find(pattern)
		if err != nil || len(found) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// SilentAgent is the difference of a guest whose agent does not answer.
func SilentAgent() Difference {
	return Difference{
		"QEMU's guest agent is installed in the guest, and did not answer when the guest was booted",
		"look at `systemctl status qemu-guest-agent` in the guest: the new hypervisor asks it for addresses, and to freeze file systems for backups",
	}
}
