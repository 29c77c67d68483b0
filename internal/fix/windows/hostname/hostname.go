// Package hostname gives a Windows guest another name, where that can be done without
// the guest.
package hostname

import (
	"errors"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// Why a guest keeps its name. ErrDomain says that it belongs to a domain, which knows it by
// its name, and ErrRole that what it serves is bound to that.
var (
	ErrDomain = remedy.With(errors.New("the guest is a member of a domain, which would not know it under another name"),
		"leave configuration.hostname out, and rename the guest when it runs (Rename-Computer with the credentials of the domain)")
	ErrRole = remedy.With(errors.New("the guest is a certification authority or a node of a cluster, which Windows does not let have another name"),
		"leave configuration.hostname out, or remove that role in the guest first")
)

// keepers are the services that Windows starts by itself where the guest has to keep its
// name. It starts Netlogon where it belongs to a domain or is what serves one.
var keepers = []struct {
	service string
	err     error
}{{"Netlogon", ErrDomain}, {"CertSvc", ErrRole}, {"ClusSvc", ErrRole}}

// startAuto is the start of a service that Windows starts by itself.
const startAuto = 2

// Set names the guest, in its hive SYSTEM, for its next start. Windows makes all other
// names of it from these. One that has the name already, in letters of whatever case,
// is not changed; one that must keep its name is ErrDomain or ErrRole.
func Set(e *registry.Edited, s registry.System, name string) error {
	computer, host := s.ControlSet+`\Control\ComputerName\ComputerName`, s.ControlSet+`\Services\Tcpip\Parameters`
	edits := []struct{ key, name string }{{computer, "ComputerName"}, {host, "NV Hostname"}, {host, "Hostname"}}
	changed := false
	for _, edit := range edits {
		value, has, err := registry.Get(e, edit.key, edit.name)
		if err != nil {
			return err
		}
		changed = changed || !has || !strings.EqualFold(value.Text(), name)
	}
	if !changed {
		return nil
	}
	for _, keeper := range keepers {
		start, _, err := registry.Get(e, s.ControlSet+`\Services\`+keeper.service, "Start")
		if err != nil {
			return err
		}
		if number, _ := start.Number(); number == startAuto {
			return keeper.err
		}
	}
	for _, edit := range edits {
		if err := e.Set(edit.key, registry.TextValue(edit.name, registry.String, name)); err != nil {
			return err
		}
	}
	return nil
}
