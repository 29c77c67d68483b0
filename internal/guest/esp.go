package guest

import (
	"cmp"
	"slices"
)

// PlanESP plans the mount of the EFI system partition of a Linux guest that leaves that
// to systemd's generator; ok is false where it has none, or has it mounted, or has no
// place for it. The first of mounted is the root. isESP is as for ESPs, and entries lists
// a directory of the guest.
func (d Devices) PlanESP(mounted []Mount, isESP func(disk, partition int) bool, entries func(directory string) ([]string, error)) (plan Mount, ok bool) {
	esp, ok := d.unmountedESP(mounted, isESP)
	if !ok {
		return Mount{}, false
	}
	for _, point := range espPoints {
		if slices.ContainsFunc(mounted, func(m Mount) bool { return m.Path == point }) {
			continue
		}
		if names, err := entries(point); err == nil && (point != "/boot" || len(names) == 0) {
			return Mount{Device: esp.Name, Path: point, FSType: esp.FSType}, true
		}
	}
	return Mount{}, false
}

// PlanWindowsESP plans the mount of the EFI system partition of a Windows guest, whose
// root is mounted.
func (d Devices) PlanWindowsESP(root Mount, isESP func(disk, partition int) bool) (plan Mount, ok bool) {
	esp, ok := d.unmountedESP([]Mount{root}, isESP)
	return Mount{Device: esp.Name, Path: WindowsESP, FSType: esp.FSType}, ok
}

// unmountedESP is the guest's EFI system partition, unless it is mounted already.
func (d Devices) unmountedESP(mounted []Mount, isESP func(disk, partition int) bool) (esp Device, ok bool) {
	found := d.ESPs(mounted[0].Device, isESP)
	if len(found) == 0 || slices.ContainsFunc(mounted, func(m Mount) bool { return m.Device == found[0].Name }) {
		return Device{}, false
	}
	return found[0], true
}

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
