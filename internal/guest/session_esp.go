//go:build cgo && linux

package guest

import (
	"strings"

	"libguestfs.org/guestfs"
)

const gptESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"

// espPoints is where systemd mounts an EFI system partition that fstab does not
// name, the first that there is; /boot only where it is empty.
var espPoints = []string{"/efi", "/boot/efi", "/boot"}

// mountESP mounts the EFI system partition of a guest that leaves that to
// systemd's generator. Where it cannot be found or mounted there is no error:
// the guest may have one and not use it.
func mountESP(g *guestfs.Guestfs, devices Devices, mounted []Mount) (Mount, bool) {
	for _, device := range devices {
		if device.Kind != KindDisk {
			continue
		}
		disk, err := readDisk(g, device.Name)
		if err != nil {
			continue
		}
		for _, partition := range disk.Partitions {
			esp, ok := devices.byPosition(device.Disk, partition.Number)
			if !ok || !strings.EqualFold(partition.GPTType, gptESP) || esp.FSType != "vfat" {
				continue
			}
			if isMounted(mounted, esp.Name) {
				return Mount{}, false
			}
			for _, point := range espPoints {
				if !freePoint(g, point, mounted) {
					continue
				}
				planned := plannedMount{Device: esp, Path: point}
				if mountPlanned(g, planned) == nil {
					return planned.mount(), true
				}
				return Mount{}, false
			}
		}
	}
	return Mount{}, false
}

func isMounted(mounted []Mount, device string) bool {
	for _, mount := range mounted {
		if mount.Device == device {
			return true
		}
	}
	return false
}

// freePoint says that the directory is there for the partition to be mounted on.
func freePoint(g *guestfs.Guestfs, point string, mounted []Mount) bool {
	for _, mount := range mounted {
		if mount.Path == point {
			return false
		}
	}
	names, err := g.Ls(point)
	return err == nil && (point != "/boot" || len(names) == 0)
}
