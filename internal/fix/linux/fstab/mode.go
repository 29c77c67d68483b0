package fstab

// The modes of fixing fstab and crypttab.
const (
	ModeNoop         = "noop"          // fstab and crypttab are left alone
	ModeBypathOnly   = "bypath-only"   // only /dev/disk/by-path names and btrfsvol: specs become stable
	ModeStabilizeAll = "stabilize-all" // every name of the old machine becomes stable
)
