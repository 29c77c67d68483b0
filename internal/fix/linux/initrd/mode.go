package initrd

// The modes of repairing initramfs images.
const (
	ModeAuto    = "auto"    // append what is missing, rebuild where that cannot serve; "" means the same
	ModeAppend  = "append"  // never run the guest's own tool: where appending cannot serve, Fix fails
	ModeRebuild = "rebuild" // rebuild the image of every kernel: where that does not help, Fix fails
)
