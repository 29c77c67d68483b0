package menu

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// plainName is a name in a script as the guest has it.
func plainName(name string) string {
	if rest, ok := strings.CutPrefix(name, "("+mountToken); ok {
		mount, file, _ := strings.Cut(rest, ")")
		return path.Join(mount, file)
	}
	return name
}

// grubName is how a script may name a guest path.
func (f *finder) grubName(name string) string {
	mount := f.mountOf(name)
	rest := strings.TrimPrefix(name, strings.TrimSuffix(mount, "/"))
	return "(" + mountToken + mount + ")" + rest
}

// grubDevice is what GRUB's name of a device means, where that is certain.
func (f *finder) grubDevice(name string) (guest.Device, bool) {
	if volume, ok := strings.CutPrefix(name, "lvm/"); ok {
		return f.devices.Resolve("/dev/mapper/" + volume)
	}
	if m := grubDisk.FindStringSubmatch(name); m != nil && f.disks() == 1 && m[1] == "0" {
		partition, _ := strconv.Atoi(m[2])
		return f.devices.ByPosition(0, partition)
	}
	return guest.Device{}, false
}

var grubDisk = regexp.MustCompile(`^hd([0-9]+),(?:msdos|gpt)?([0-9]+)$`)

// IsAbsent reports whether GRUB's name is that of a disk or partition which a guest does
// not have.
func IsAbsent(devices guest.Devices, name string) bool {
	return (&finder{devices: devices}).lacks(name)
}

var numberedDevice = regexp.MustCompile(`^hd([0-9]+)(?:,(?:msdos|gpt)?([0-9]+))?$`)

// lacks reports whether GRUB's name is that of a disk or partition which the guest does
// not have, in whatever order the firmware shows its disks.
func (f *finder) lacks(name string) bool {
	m := numberedDevice.FindStringSubmatch(name)
	if m == nil {
		return false
	}
	disk, err := strconv.Atoi(m[1])
	if disks := f.disks(); err != nil || disks == 0 || disk >= disks {
		return err == nil && disks > 0
	}
	partition, err := strconv.Atoi(m[2])
	partitioned := false
	for _, d := range f.devices {
		if d.Kind == guest.KindPartition {
			partitioned = true
			if d.Partition == partition {
				return false
			}
		}
	}
	return err == nil && partitioned
}

func (f *finder) disks() int {
	seen := map[int]bool{}
	for _, d := range f.devices {
		if d.Kind == guest.KindDisk || d.Kind == guest.KindPartition {
			seen[d.Disk] = true
		}
	}
	return len(seen)
}
