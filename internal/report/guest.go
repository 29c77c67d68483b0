package report

// Guest is what a hypervisor's configuration needs to know of the guest, and,
// where its operating system was looked at, what that is.
type Guest struct {
	// Firmware is "bios" or "uefi".
	Firmware string `json:"firmware"`
	// DiskBus and NICModel are what the guest boots from as it is, or, where the
	// fix stage is to come, what its default kernel has drivers for. FixResult
	// tells what it boots from afterwards.
	DiskBus  string `json:"disk_bus"`
	NICModel string `json:"nic_model"`
	// VirtualSize is that of the boot disk, in bytes.
	VirtualSize   int64  `json:"virtual_size"`
	Type          string `json:"type,omitempty"`
	Distro        string `json:"distro,omitempty"`
	ProductName   string `json:"product_name,omitempty"`
	Version       string `json:"version,omitempty"`
	Arch          string `json:"arch,omitempty"`
	Hostname      string `json:"hostname,omitempty"`
	PackageFormat string `json:"package_format,omitempty"`
	// CPULevel is the least processor that its C library starts on, such as
	// "x86-64-v2", and Clock what it takes the machine's clock for, "utc" or
	// "localtime". Both are empty where that was not found out.
	CPULevel string   `json:"cpu_level,omitempty"`
	Clock    string   `json:"clock,omitempty"`
	Kernels  []Kernel `json:"kernels,omitempty"`
}
