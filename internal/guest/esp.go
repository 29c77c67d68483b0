package guest

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// ESPs are the EFI system partitions that may be of the guest whose root lies on a
// device, by the tables of all disks: that on the same disk first, then as the disks
// come.
func (d Devices) ESPs(root string, disks []parttable.Disk) []Device {
	var found []Device
	for number, disk := range disks {
		for _, partition := range disk.Partitions {
			esp, ok := d.ByPosition(number, partition.Number)
			if ok && strings.EqualFold(partition.GPTType, parttable.GPTESP) && esp.FSType == "vfat" {
				found = append(found, esp)
			}
		}
	}
	at := slices.IndexFunc(d, func(device Device) bool { return device.Name == root && device.Disk >= 0 })
	if at >= 0 {
		slices.SortStableFunc(found, func(a, b Device) int { return away(a, d[at]) - away(b, d[at]) })
	}
	return found
}

// away is 0 for a device on the disk of another.
func away(device, other Device) int {
	if device.Disk == other.Disk {
		return 0
	}
	return 1
}
