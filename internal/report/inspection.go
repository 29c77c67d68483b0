package report

// Inspection is the result of inspect.
type Inspection struct {
	Source InspectedSource `json:"source"`
	Disks  []InspectedDisk `json:"disks"`
	// Firmware is "bios" or "uefi".
	Firmware string `json:"firmware"`
	BootDisk int    `json:"boot_disk"` // index into Disks
	// InspectedBy is how the disks were looked into: "direct" where they were read
	// without an appliance, or "appliance".
	InspectedBy string `json:"inspected_by"`
	// Accelerator is what the appliance ran on, "kvm" or "tcg"; empty without one.
	Accelerator string `json:"accelerator,omitempty"`
	Guest       Guest  `json:"guest"`
	// Machine is what a package's descriptor or a VMX file tells of the
	// virtual machine.
	Machine *Machine `json:"machine,omitempty"`
}

// The values of InspectedBy.
const (
	InspectedDirectly    = "direct"
	InspectedByAppliance = "appliance"
)

// StageName implements StageResult.
func (Inspection) StageName() string { return StageInspect }

// InspectedSource is the source as a whole. Sizes are in bytes.
type InspectedSource struct {
	Type        string `json:"type"`
	Path        string `json:"path"`
	VirtualSize int64  `json:"virtual_size"`
}

// InspectedDisk is one disk. Sizes are in bytes.
type InspectedDisk struct {
	Name           string       `json:"name"`
	Format         string       `json:"format"`
	VirtualSize    int64        `json:"virtual_size"`
	SizeBytes      int64        `json:"size_bytes"` // what the disk takes on the host
	PartitionTable string       `json:"partition_table,omitempty"`
	Partitions     []Partition  `json:"partitions,omitempty"`
	Filesystems    []Filesystem `json:"filesystems,omitempty"`
}

// Partition is one partition. Start and Size are in bytes.
type Partition struct {
	Number int   `json:"number"`
	Start  int64 `json:"start"`
	Size   int64 `json:"size"`
}

// Filesystem is one file system, swap area or container.
type Filesystem struct {
	// Kind is what it lies on: "disk", "partition", "lv", "md" or "crypt".
	Kind string `json:"kind"`
	// Partition is the number of the partition, and 0 for what lies on none.
	Partition int    `json:"partition,omitempty"`
	Type      string `json:"type"`
	UUID      string `json:"uuid,omitempty"`
	Label     string `json:"label,omitempty"`
	SizeBytes int64  `json:"size_bytes"`
}
