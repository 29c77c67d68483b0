//go:build linux

package appliance

import "strings"

const (
	// kernelNotices lets the kernel say a few words on the console, of which
	// libguestfs lets it say none: the first as soon as it runs.
	kernelNotices = "loglevel=6"
	// withoutClock leaves the built-in driver of the hardware clock out. The kernel takes
	// its time from that clock by itself; udev of Debian would set it once more, for
	// which it waits until the clock's next second begins.
	withoutClock = "initcall_blacklist=cmos_init"
	// withoutModules leaves that driver out where it is a module, and the disk
	// controller's, which waits for disks that no appliance has: all are virtio's.
	withoutModules = "module_blacklist=rtc_cmos,ata_piix,ahci,libata"
)

// kernelWords are what is added to the command line of the appliance's kernel: what
// spares it work and waiting (internal/adr/0055), and last the user's own, nil for none.
func kernelWords(accel Acceleration, trace bool, users *string) string {
	words := []string{withoutClock, withoutModules}
	if accel == AccelKVM && !trace { // a launch with KVM is listened to
		words = append(words, kernelNotices)
	}
	if users != nil && *users != "" {
		words = append(words, *users)
	}
	return strings.Join(words, " ")
}
