package report

// The verdicts on a boot.
const (
	BootBooted    = "booted"
	BootDead      = "dead"
	BootUndecided = "undecided"
)

// Boot is what became of the guest when it was booted from the written images.
type Boot struct {
	Verdict string `json:"verdict"`
	// State is what the guest came to, such as "login", "panic" or
	// "initramfs_shell".
	State string `json:"state"`
	// Reason says why the verdict is not BootBooted.
	Reason string `json:"reason,omitempty"`
	// Seconds are from the start of the machine to the verdict.
	Seconds float64     `json:"seconds"`
	Machine BootMachine `json:"machine"`
	// Resets is how often the guest has restarted.
	Resets int `json:"resets"`
	// Evidence is in the order in which it was seen.
	Evidence []BootEvidence `json:"evidence"`
	Frames   []BootFrames   `json:"frames"`
	// Guest is what the guest has said of itself when it was up, by the probe that
	// was put into it. Nil where that said nothing.
	Guest *BootGuest `json:"guest,omitempty"`
	// Differences are in what it was not as it is configured to be.
	Differences []string `json:"differences,omitempty"`
	// Console and Screen are the last lines of the serial console, and those on
	// the screen. "?" stands for what could not be read of that.
	Console []string `json:"console,omitempty"`
	Screen  []string `json:"screen,omitempty"`
	// LogPath and ScreenshotPath are the files that have all of the console and
	// the picture.
	LogPath        string `json:"log_path,omitempty"`
	ScreenshotPath string `json:"screenshot_path,omitempty"`
}

// BootGuest is what a guest has said of itself when it was up.
type BootGuest struct {
	Hostname string `json:"hostname,omitempty"`
	Kernel   string `json:"kernel,omitempty"`
	SELinux  string `json:"selinux,omitempty"`
	// Progress is systemd's word for how far it is, such as "running" or
	// "degraded", or "done" of another init.
	Progress string `json:"progress"`
	// Seconds are from the start of its kernel, by its own clock.
	Seconds     float64     `json:"seconds"`
	Cards       []BootCard  `json:"cards"`
	Routes      []BootRoute `json:"routes"`
	Mounts      []BootMount `json:"mounts"`
	Swaps       []string    `json:"swaps"`
	FailedUnits []string    `json:"failed_units"`
}

// BootCard is a network interface of the guest. Device says that it is a card, and
// no bridge or VLAN; the addresses have the lengths of their prefixes.
type BootCard struct {
	Name      string   `json:"name"`
	MAC       string   `json:"mac,omitempty"`
	Device    bool     `json:"device"`
	Addresses []string `json:"addresses"`
}

// BootRoute is a default route.
type BootRoute struct {
	Card    string `json:"card"`
	Gateway string `json:"gateway,omitempty"`
}

// BootMount is a file system on a disk that the guest has mounted.
type BootMount struct {
	Path   string `json:"path"`
	Type   string `json:"type"`
	Source string `json:"source"`
}

// BootMachine is the machine that the guest was booted on.
type BootMachine struct {
	Firmware    string `json:"firmware"`
	DiskBus     string `json:"disk_bus"`
	NICModel    string `json:"nic_model"`
	MemoryMiB   int    `json:"memory_mib"`
	CPUs        int    `json:"cpus"`
	Accelerator string `json:"accelerator"`
}

// BootEvidence is one thing that was seen of the guest. Source is "console",
// "screen", "frames", "agent", "probe" or "machine"; Seconds count from its start.
type BootEvidence struct {
	Source  string  `json:"source"`
	Seconds float64 `json:"seconds"`
	Seen    string  `json:"seen"`
}

// BootFrames is who has sent frames from a network card. Card counts from 0.
type BootFrames struct {
	Card      int      `json:"card"`
	MAC       string   `json:"mac"`
	Addresses []string `json:"addresses,omitempty"`
}
