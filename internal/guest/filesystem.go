package guest

// blkid's names of what is no file system, as in Device.FSType.
const (
	FSTypeLUKS = "crypto_LUKS"
	FSTypeSwap = "swap"
	FSTypeLVM  = "LVM2_member"
	// FSTypeSuspended is a swap area that holds a suspended system.
	FSTypeSuspended = "swsuspend"
)

// Hibernated returns the swap area that holds the memory of a suspended guest,
// or "".
func (d Devices) Hibernated() string {
	for _, device := range d {
		if device.FSType == FSTypeSuspended {
			return device.Name
		}
	}
	return ""
}
