package report

// Hardware is what the machine that takes the old one's place needs, as far as a
// migration can tell.
type Hardware struct {
	// Name is the old machine's, where it is known.
	Name string `json:"name,omitempty"`
	// Arch is the processor's architecture, such as "x86_64".
	Arch string `json:"arch"`
	// MachineType is "q35", or "pc" for disks on IDE.
	MachineType string `json:"machine_type"`
	// Firmware is "bios" or "uefi". SecureBoot and TPM say that the old machine had
	// them; what they kept does not come along.
	Firmware   string `json:"firmware"`
	SecureBoot bool   `json:"secure_boot"`
	TPM        bool   `json:"tpm"`
	VCPUs      int    `json:"vcpus"`
	MemoryMiB  int64  `json:"memory_mib"`
	// CPULevel is the least that the processor has to be, "x86-64" or with "-v2",
	// "-v3" or "-v4", and empty for other architectures.
	CPULevel string `json:"cpu_level,omitempty"`
	// Clock is what the guest takes the machine's clock for: "utc" or "localtime".
	Clock string `json:"clock"`
	// Disks are in the order in which to attach them, the boot disk first.
	Disks []HardwareDisk `json:"disks"`
	NICs  []HardwareNIC  `json:"nics"`
	// Video is QEMU's name of the graphics card.
	Video string `json:"video"`
	// RNG and GuestAgent say that the guest has drivers for a virtio random number
	// generator and for the virtio channel of QEMU's guest agent.
	RNG        bool `json:"rng"`
	GuestAgent bool `json:"guest_agent"`
}

// HardwareDisk is a disk of Hardware.
type HardwareDisk struct {
	// Path and Format are those of the image, and empty where none was made.
	Path   string `json:"path,omitempty"`
	Format string `json:"format,omitempty"`
	// Bus is "virtio", "scsi" for virtio-scsi, "sata" or "ide".
	Bus string `json:"bus"`
	// Serial has at most 20 digits, as many as a virtio disk has room for: the last
	// of VMware's number. Disks that would have the same have none.
	Serial string `json:"serial,omitempty"`
	// VirtualSize is in bytes.
	VirtualSize int64 `json:"virtual_size"`
	// SectorSize is in bytes, 512 but for disks whose partition table counts in others.
	SectorSize int `json:"sector_size"`
}

// HardwareNIC is a network card of Hardware.
type HardwareNIC struct {
	// Model is "virtio", "e1000e", "e1000" or "rtl8139".
	Model string `json:"model"`
	// MAC is the old card's, and empty where it is not known.
	MAC string `json:"mac,omitempty"`
	// Network is what the old card was connected to.
	Network string `json:"network,omitempty"`
}
