package boot

import (
	"fmt"
	"strings"
)

// What the chipsets have room for.
const (
	ideDisks = 4
	// rootSlots are those of the root bus that take a device: the chipset itself is in
	// two of 32.
	rootSlots = 30
)

// NoRoom says why not all of the machine's disks and cards fit into it, or nothing.
// In a machine with bridges to further buses, as libvirt makes them, more would.
func (m Machine) NoRoom() string {
	if m.Bus == IDE && len(m.Disks) > ideDisks {
		return fmt.Sprintf("it has %d disks, and IDE has room for %d", len(m.Disks), ideDisks)
	}
	args, err := m.arguments(descriptors{frames: make([]int, len(m.cards()))}, flash{})
	if err != nil {
		return "" // which starting it says better
	}
	taken := 0
	for n, argument := range args {
		if argument == "-device" && !strings.Contains(args[n+1], ",bus=") {
			taken++ // without a bus QEMU puts it on the root's
		}
	}
	if taken > rootSlots {
		return fmt.Sprintf("its disks, network cards and other devices take %d slots, and the machine that it would be booted in has %d", taken, rootSlots)
	}
	return ""
}
