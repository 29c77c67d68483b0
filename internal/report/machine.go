package report

// Machine is what the description of the old virtual machine, of OVF or VMX, tells
// about it; the new one is Hardware. Whatever it does not tell is empty.
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
	Firmware   string `json:"firmware,omitempty"`
	SecureBoot bool   `json:"secure_boot,omitempty"`
	TPM        bool   `json:"tpm,omitempty"`
	// NVRAM is the file that keeps the firmware's variables.
	NVRAM string `json:"nvram,omitempty"`
	// Clock is what the clock of the machine shows, "utc" or "localtime".
	Clock string `json:"clock,omitempty"`
	// BootOrder are the kinds of devices that the firmware tries, such as "hdd" or
	// "cdrom", and BootDisks the places of disks, such as "scsi0:1", in the order
	// of the firmware.
	BootOrder   []string      `json:"boot_order,omitempty"`
	BootDisks   []string      `json:"boot_disks,omitempty"`
	NICs        []NIC         `json:"nics,omitempty"`
	Controllers []Controller  `json:"controllers,omitempty"`
	Disks       []MachineDisk `json:"disks,omitempty"`
	CDROMs      []CDROM       `json:"cdroms,omitempty"`
	USB         bool          `json:"usb,omitempty"`
	// Passthrough are devices of the host that the machine has as its own.
	Passthrough []Passthrough `json:"passthrough,omitempty"`
	// CPUHotPlug and MemoryHotPlug say that more can be given while it runs.
	CPUHotPlug    bool `json:"cpu_hot_plug,omitempty"`
	MemoryHotPlug bool `json:"memory_hot_plug,omitempty"`
	// CPUAffinity are the host's processors that it is bound to.
	CPUAffinity string `json:"cpu_affinity,omitempty"`
	// NUMAAffinity are the host's NUMA nodes that it is bound to.
	NUMAAffinity string `json:"numa_affinity,omitempty"`
	// Suspended says that it sleeps, with its memory in a file.
	Suspended bool `json:"suspended,omitempty"`
}

// MachineDisk is a disk of a machine, in the order in which it numbers them.
type MachineDisk struct {
	// Place is the controller and the unit, such as "scsi0:1", and empty where the
	// description has no such names.
	Place string `json:"place,omitempty"`
	File  string `json:"file"`
	// Independent says that snapshots of the machine leave the disk out.
	Independent bool `json:"independent,omitempty"`
	// Discarding says that what is written to it is lost when the machine stops.
	Discarding bool `json:"discarding,omitempty"`
	// Shared says that other machines may write to it, too.
	Shared bool `json:"shared,omitempty"`
	// Snapshot says that it is the newest layer of a chain.
	Snapshot bool `json:"snapshot,omitempty"`
}

// CDROM is a drive for optical discs.
type CDROM struct {
	Place string `json:"place,omitempty"`
	// File is the image in it, where there is one.
	File string `json:"file,omitempty"`
}

// The kinds of Passthrough.
const (
	PassthroughPCI   = "pci"
	PassthroughSRIOV = "sriov"
	PassthroughSCSI  = "scsi"
	PassthroughDisk  = "disk"
	PassthroughUSB   = "usb"
	PassthroughPort  = "port"
)

// Passthrough is a device of the host.
type Passthrough struct {
	Kind string `json:"kind"`
	// Name is what the description calls it, such as "pciPassthru0".
	Name string `json:"name"`
}

// NIC is a network card.
type NIC struct {
	Name string `json:"name,omitempty"`
	// MAC is in lower case with colons.
	MAC     string `json:"mac,omitempty"`
	Network string `json:"network,omitempty"`
	// Model is the exporter's word, such as "VmxNet3" or "E1000".
	Model string `json:"model,omitempty"`
	// Slot is the number of its PCI slot as VMware's firmware tells it: the guest
	// calls the card ens<Slot>.
	Slot int `json:"slot,omitempty"`
	// Static says that a person chose the address, and no host generated it.
	Static bool `json:"static,omitempty"`
	// GuestName is what the guest calls the card, and Addresses are its IP addresses
	// there, where a person has told them. No description does.
	GuestName string   `json:"-"`
	Addresses []string `json:"-"`
}

// Controller is a disk controller.
type Controller struct {
	Name string `json:"name,omitempty"`
	// Bus is "ide", "scsi", "sata" or "nvme".
	Bus string `json:"bus"`
	// Model is the exporter's word, such as "lsilogic" or "VirtualSCSI".
	Model string `json:"model,omitempty"`
}
