package initramfs

import (
	"maps"
	"slices"
)

// Modules lists the modules for one kernel version by normalised name
// (virtio_blk), sorted.
func (i *Image) Modules(version string) []string {
	return slices.Sorted(maps.Keys(i.modules[version]))
}
