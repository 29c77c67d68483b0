package pipeline

import (
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// bootDiskOf is the index of the disk that the machine starts from. Told are the
// disks that the old machine's firmware tried first, and on which the guest's boot
// files lie, the most telling first, as far as they are known. It is not certain where nothing tells two disks apart.
func bootDiskOf(disks []parttable.Disk, firmware string, told []int) (index int, certain bool) {
	// What a firmware needs comes first; then what the old one was set to, and where
	// the guest keeps the files that are read next, as code of a loader may be left from an earlier life
	// of a disk; then what only boot disks tend to have.
	evidence := func(n int) []bool {
		disk := disks[n]
		starts := disk.StartsBIOS()
		if firmware == firmwareUEFI {
			starts = disk.HasESP()
		}
		found := []bool{starts}
		for _, at := range told {
			found = append(found, at == n)
		}
		return append(found, disk.BootCode == parttable.BootCodeLoader, disk.HasActive() || disk.HasBIOSBoot())
	}
	best := 0
	certain = true
	for n := 1; n < len(disks); n++ {
		switch slices.CompareFunc(evidence(n), evidence(best), compareBool) {
		case 1:
			best, certain = n, true
		case 0:
			certain = false
		}
	}
	return best, certain
}

// bootEvidence is what bootDiskOf is told. The order of disks of a description is that of
// a BIOS: nothing says that UEFI firmware, whose own order is in its variables, went by it.
func bootEvidence(firmware string, described, files []int) []int {
	if firmware == firmwareUEFI {
		return slices.Concat(files, described)
	}
	return slices.Concat(described, files)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// bootFiles are the disks on which the guest's boot files lie, as bootDiskOf
// wants them. What lies over several disks points to none; where that is an
// array, each of its disks is as good to start from as the other.
func bootFiles(mounts []guest.Mount, devices guest.Devices, firmware string) (disks []int, mirrored bool) {
	paths := []string{"/boot", "/"}
	if firmware == firmwareUEFI {
		paths = append([]string{"/boot/efi", "/efi"}, paths...)
	}
	for _, path := range paths {
		for _, mount := range mounts {
			if mount.Path != path {
				continue
			}
			for _, device := range devices {
				switch {
				case device.Name != mount.Device:
				case device.Disk >= 0:
					disks = append(disks, device.Disk)
				case device.Kind == guest.KindMD:
					mirrored = mirrored || len(disks) == 0
				}
			}
		}
	}
	return disks, mirrored
}

// bootOrder lists the source's disks, by index, in the order of the images: boot,
// from which the machine starts, then the others as the source has them. It warns
// where boot is not certain.
func bootOrder(say *reporter, disks []source.Disk, boot int, certain bool) []int {
	if !certain {
		say.find(report.ConcernBootDisk, fmt.Sprintf("nothing tells which of the %d disks the machine starts from; %s is taken", len(disks), disks[boot].Name),
			"if it is another, attach that one's image to the new machine first")
	}
	return attachOrder(len(disks), boot)
}

// attachOrder is bootOrder for that many disks.
func attachOrder(disks, boot int) []int {
	order := []int{boot}
	for n := range disks {
		if n != boot {
			order = append(order, n)
		}
	}
	return order
}
