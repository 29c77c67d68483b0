// Package appliance runs the libguestfs appliance, which reads and changes the
// disks of guests: what it needs of this host, how it is started and watched,
// and the session that serves the guest. It is the only importer of
// libguestfs.org/guestfs.
package appliance

import "time"

// Acceleration says how the appliance's processor is run.
type Acceleration string

// The ways to run the appliance.
const (
	AccelAuto Acceleration = "auto" // KVM where it works, else TCG
	AccelKVM  Acceleration = "kvm"  // KVM or an error
	AccelTCG  Acceleration = "tcg"  // software emulation
)

// Drive is one disk image for the appliance. Drives keep their order: the
// first is the guest's first disk.
type Drive struct {
	Path     string
	Format   string // qcow2, raw ...: never probed
	ReadOnly bool   // writes go to a temporary overlay and are lost
	// Serial is the disk's serial number where the image tells it, as in its
	// names below /dev/disk/by-id: hexadecimal digits.
	Serial string
	// SectorSize is how many bytes a sector of the disk has: 512, for which 0
	// stands, or 4096. All numbers in a partition table count in sectors.
	SectorSize int
}

// Options is how the appliance is run. The zero value is a sensible choice. It
// never has a network.
type Options struct {
	// TempDir is where what belongs to this run alone is kept: the
	// appliance's overlay, and files on their way. The appliance itself is
	// cached and shared by all runs (below /var/tmp, or LIBGUESTFS_CACHEDIR).
	// Empty means the system's.
	TempDir      string
	Acceleration Acceleration // empty means AccelAuto
	Memory       int          // of the appliance, in MiB; 0 means libguestfs' default
	Processors   int          // of the appliance; 0 means two with KVM and one without
	// Trace makes libguestfs and the appliance tell on the standard error
	// stream of this process what they do.
	Trace bool
	// Layers lets Session.Layer be called.
	Layers bool

	// patience bounds a launch with KVM; zero means the default.
	patience patience
}

// patience is for how long the console of an appliance that starts under KVM
// may be silent: until its kernel's first word, and from then on.
type patience struct{ first, later time.Duration }
