package storage

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"

// AllowDevices has the kernel look for the drivers of devices that it does not know yet.
// A policy that restricts the installation of devices keeps it from that, by values that
// stay in the hive SYSTEM, and a disk on another bus is then never found: Microsoft's
// KB 2773300.
func AllowDevices(e *registry.Edited, s registry.System) error {
	key := s.ControlSet + `\Control\PnP`
	for _, name := range []string{"DisableCDDB", "DontStartRawDevices"} {
		value, _, err := registry.Get(e, key, name)
		if err != nil {
			return err
		}
		if number, ok := value.Number(); ok && number != 0 {
			if err := e.Set(key, registry.NumberValue(value.Name, 0)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Restrictions are the settings of that policy in the hive SOFTWARE by which Windows may
// refuse to install a device of the new machine, as Microsoft's DeviceInstallation.admx
// names them.
func Restrictions(software registry.Reader) ([]string, error) {
	var set []string
	for _, name := range []string{"DenyUnspecified", "DenyDeviceIDs", "DenyDeviceClasses"} {
		value, _, err := registry.Get(software, `Policies\Microsoft\Windows\DeviceInstall\Restrictions`, name)
		if err != nil {
			return nil, err
		}
		if number, _ := value.Number(); number != 0 {
			set = append(set, name)
		}
	}
	return set, nil
}
