// Package services decides what of the old machine starts no more with Windows.
package services

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// How a service starts, as winsvc.h numbers it.
const (
	onDemand = 3
	disabled = 4
)

// tools are the services and drivers of VMware's tools that start whatever the
// machine has. On another hypervisor a service of them ends with an error at each
// start, and a driver of them finds nothing to drive. The keys stay, for the tools'
// own uninstaller.
//
// Others are left as they are. Drivers of devices (vmci, vsock, pvscsi, vmxnet3, vm3dmp)
// are loaded and do nothing without them, and a disk of the old machine's kind may come
// back. Filters (vmmouse, vmusbmouse, and NSX's vsepflt and vnetflt) must never be
// disabled: the devices that they are in front of would not start.
var tools = []string{
	"VMTools", "VGAuthService", "VMUpgradeHelper", "vm3dservice", "VMware Physical Disk Helper Service",
	"VMwareCAFCommAmqpListener", "VMwareCAFManagementAgentHost",
	"VMMemCtl", "VMRawDsk", "vmdebug",
}

// DisableTools disables what of VMware's tools starts by itself. It says whether they
// are installed.
func DisableTools(e *registry.Edited, s registry.System) (found bool, err error) {
	for _, name := range tools {
		key := s.ControlSet + `\Services\` + name
		start, ok, err := registry.Get(e, key, "Start")
		if err != nil {
			return found, err
		}
		number, isNumber := start.Number()
		found = found || ok
		if !ok || !isNumber || number >= onDemand {
			continue
		}
		if err := e.Set(key, registry.NumberValue("Start", disabled)); err != nil {
			return found, err
		}
	}
	return found, nil
}

// StopAtCrash has Windows show a crash, and not start again and again.
func StopAtCrash(e *registry.Edited, s registry.System) error {
	key := s.ControlSet + `\Control\CrashControl`
	if has, err := registry.Has(e, key); err != nil || !has {
		return err
	}
	return e.Set(key, registry.NumberValue("AutoReboot", 0))
}
