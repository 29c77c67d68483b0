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
		if device.FSType == fsLUKS && !open[device.Name] {
			locked = append(locked, device)
		}
	}
	return locked
}

// blkid's names of what is no file system.
const (
	fsLUKS       = "crypto_LUKS"
	fsSwap       = "swap"
	fsLVM        = "LVM2_member"
	fsHibernated = "swsuspend" // a swap area that holds a suspended system
)
