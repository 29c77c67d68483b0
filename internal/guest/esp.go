package guest

import (
	"cmp"
	"slices"
)

// ESPs are the EFI system partitions that may be of the guest whose root lies on a
// device: those that hold FAT, that on the same disk first, then as the disks come. isESP
// is what the table of a disk, by its index, says of a partition, by its number.
func (d Devices) ESPs(root string, isESP func(disk, partition int) bool) []Device {
	var found []Device
	disk := -1
	for _, device := range d {
		if device.Name == root {
			disk = device.Disk
		}
		if device.Kind == KindPartition && device.FSType == "vfat" && isESP(device.Disk, device.Partition) {
			found = append(found, device)
		}
	}
	slices.SortStableFunc(found, func(a, b Device) int {
		switch {
		case a.Disk == b.Disk:
			return cmp.Compare(a.Partition, b.Partition)
		case a.Disk == disk:
			return -1
		case b.Disk == disk:
			return 1
		}
		return cmp.Compare(a.Disk, b.Disk)
	})
	return found
}
