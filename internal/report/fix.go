package report

// FixResult is the result of fix.
type FixResult struct {
	// Family is the distribution family whose rules were used.
	Family  string   `json:"family"`
	Changes []Change `json:"changes"`
	Kernels []Kernel `json:"kernels,omitempty"`
	// DiskBus ("virtio", "scsi" for virtio-scsi, or "sata") and NICModel ("virtio",
	// "e1000e", "e1000" or "rtl8139") are what the default kernel boots from as it
	// is now, and has a driver for.
	DiskBus  string `json:"disk_bus,omitempty"`
	NICModel string `json:"nic_model,omitempty"`
	// FstabBefore and FstabAfter are /etc/fstab with secrets hidden, where the
	// manifest asks for them.
	FstabBefore string `json:"fstab_before,omitempty"`
	FstabAfter  string `json:"fstab_after,omitempty"`
	// BackupDirectory is the guest directory that holds the originals of this
	// run's changes; empty if none were taken.
	BackupDirectory string `json:"backup_directory,omitempty"`
	// Unchanged is true when the guest needed nothing.
	Unchanged bool `json:"unchanged"`
	// Filesystems are the file systems of the guest, checked before and after.
	Filesystems []CheckedFilesystem `json:"filesystems,omitempty"`
	// Configuration is what was injected, where the manifest asks for that. Of a Windows
	// guest that is among Changes.
	Configuration *Injection `json:"configuration,omitempty"`
}

// StageName implements StageResult.
func (FixResult) StageName() string { return StageFix }

// Injection is what was done to the guest for the manifest's configuration
// section.
type Injection struct {
	Changes []Change `json:"changes"`
}

// What CheckedFilesystem says of a file system.
const (
	FilesystemClean     = "clean"
	FilesystemDamaged   = "damaged"
	FilesystemUnchecked = "unchecked" // nothing here can check it, or it was not asked for
	FilesystemUnchanged = "unchanged" // nothing was written to it
)

// CheckedFilesystem is one file system that the fix stage may write to.
type CheckedFilesystem struct {
	Path   string `json:"path"`   // where the guest mounts it
	Device string `json:"device"` // by its UUID where it has one
	Type   string `json:"type"`
	// Before is "clean", "damaged" or "unchecked", After also "unchanged".
	Before string `json:"before"`
	After  string `json:"after,omitempty"`
}
