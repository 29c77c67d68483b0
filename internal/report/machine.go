package report

// Machine is what a package's descriptor tells about its virtual machine.
// Whatever it does not tell is empty.
type Machine struct {
	// ID and Name are the machine's in the descriptor.
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	// GuestType is the guest's operating system as the exporter called it, such
	// as "debian12_64Guest".
	GuestType string `json:"guest_type,omitempty"`
	VCPUs     int    `json:"vcpus,omitempty"`
	MemoryMiB int64  `json:"memory_mib,omitempty"`
	// Firmware is "bios" or "uefi".
	Firmware    string       `json:"firmware,omitempty"`
	NICs        []NIC        `json:"nics,omitempty"`
	Controllers []Controller `json:"controllers,omitempty"`
}

// NIC is a network card.
type NIC struct {
	Name string `json:"name,omitempty"`
	// MAC is in lower case with colons.
	MAC     string `json:"mac,omitempty"`
	Network string `json:"network,omitempty"`
	// Model is the exporter's word, such as "VmxNet3" or "E1000".
	Model string `json:"model,omitempty"`
	// Slot is the number of VMware's PCI slot: the guest calls the card ens<Slot>.
	Slot int `json:"slot,omitempty"`
}

// Controller is a disk controller.
type Controller struct {
	Name string `json:"name,omitempty"`
	// Bus is "ide", "scsi", "sata" or "nvme".
	Bus string `json:"bus"`
	// Model is the exporter's word, such as "lsilogic" or "VirtualSCSI".
	Model string `json:"model,omitempty"`
}
