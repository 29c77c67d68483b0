package guest

// The kinds of firmware that a guest boots by.
const (
	FirmwareBIOS = "bios"
	FirmwareUEFI = "uefi"
)
