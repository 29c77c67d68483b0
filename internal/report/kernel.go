package report

// The places that Kernel.Virtio tells.
const (
	PlaceBuiltin   = "built-in"
	PlaceInitramfs = "initramfs"
	PlaceModule    = "module" // installed, and not in the initramfs
	PlaceMissing   = "missing"
	PlaceLegacy    = "legacy" // drives devices of before virtio 1.0, which a machine of type q35 does not have
)

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
	// Virtio says for each virtio driver that booting needs at which of the
	// places it is.
	Virtio map[string]string `json:"virtio,omitempty"`
	// BootsFrom is the virtio disk bus that the kernel finds its root file system
	// on with its initramfs as it is: "virtio-blk", "virtio-scsi", or "" for
	// neither and where no initramfs was read.
	BootsFrom string `json:"-"`
	// LacksSATA says that it finds it on no SATA disk, either, as far as its initramfs was
	// read.
	LacksSATA bool `json:"-"`
	// NICModel is the best network card of QEMU that the kernel has a driver for:
	// "virtio", "e1000e", "e1000" or "rtl8139".
	NICModel string `json:"-"`
	// EmulatedNIC is the best of those without virtio, or "".
	EmulatedNIC string `json:"-"`
	// Action is what was done: "kept", "extended", "rebuilt" or "none".
	Action string `json:"action,omitempty"`
	// Reason says why, for people.
	Reason string `json:"reason,omitempty"`
}

// LegacyVirtio says whether the kernel's virtio drivers are those of before virtio 1.0.
func (k Kernel) LegacyVirtio() bool { return k.Virtio["virtio_pci"] == PlaceLegacy }

// HasVirtioDisk says whether the kernel comes with a virtio disk driver, wherever
// it is packed.
func (k Kernel) HasVirtioDisk() bool {
	has := func(name string) bool {
		place, known := k.Virtio[name]
		return known && place != PlaceMissing && place != PlaceLegacy
	}
	return has("virtio_pci") && (has("virtio_blk") || has("virtio_scsi"))
}
