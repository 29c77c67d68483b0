package firstboot

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"

// The policy by which Windows takes new disks online, and its value for all of them
// (VDS_SP_ONLINE of vds.h). What became of a disk stays with the disk.
const (
	sanPolicy = "SanPolicy"
	onlineAll = 1
)

// OnlineDisks has Windows take the disks on their new bus online at once: a service may
// need one that starts before the scripts, such as that of a domain's controller. The
// policy that was is kept beside the service for the script that puts it back, 0 for
// none. A node of a cluster shares disks with others, and keeps its policy.
func OnlineDisks(e *registry.Edited, s registry.System) error {
	if clustered, err := registry.Has(e, s.ControlSet+`\Services\ClusSvc`); err != nil || clustered {
		return err
	}
	key := s.ControlSet + `\Services\partmgr\Parameters`
	value, _, err := registry.Get(e, key, sanPolicy)
	if err != nil {
		return err
	}
	before, _ := value.Number()
	if before == onlineAll {
		return nil
	}
	if err := e.Set(s.ControlSet+`\Services\`+Service, registry.NumberValue(sanPolicy, uint32(before))); err != nil {
		return err
	}
	return e.Set(key, registry.NumberValue(sanPolicy, onlineAll))
}
