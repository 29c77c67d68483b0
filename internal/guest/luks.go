package guest

// Key opens an encrypted device.
type Key struct {
	// Device is what Devices.Resolve understands: "/dev/sda3", "UUID=...".
	// Empty means every encrypted device.
	Device string
	// Passphrase is secret: it appears in no error.
	Passphrase string
}

// Locked returns the LUKS containers that are not open.
func (d Devices) Locked() []Device {
	open := map[string]bool{}
	for _, device := range d {
		if device.Kind == KindCrypt {
			open[device.Parent] = true
		}
	}
	var locked []Device
	for _, device := range d {
		if device.FSType == FSTypeLUKS && !open[device.Name] {
			locked = append(locked, device)
		}
	}
	return locked
}
