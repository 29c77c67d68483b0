package report

// Kernel is one kernel that the guest can boot, and what its initramfs holds.
type Kernel struct {
	Version string `json:"version"`
	Image   string `json:"image"` // guest path
	// Initramfs is the guest path, or "" when the kernel boots without one.
	Initramfs string `json:"initramfs,omitempty"`
	// Generator is the tool that made the initramfs: "initramfs-tools",
	// "dracut", "mkinitcpio" ... or "unknown".
	Generator string `json:"generator,omitempty"`
	Default   bool   `json:"default,omitempty"`
	// Virtio says for each virtio driver that booting needs where it is:
	// "built-in", "initramfs", "module" (installed, not in the image) or
	// "missing".
	Virtio map[string]string `json:"virtio,omitempty"`
	// Action is what was done: "kept", "extended", "rebuilt" or "none".
	Action string `json:"action,omitempty"`
	// Reason says why, for people.
	Reason string `json:"reason,omitempty"`
}
