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
func (r *reader) grubName(name string) string {
	mount := r.mountOf(name)
	rest := strings.TrimPrefix(name, strings.TrimSuffix(mount, "/"))
	return "(" + mountToken + mount + ")" + rest
}

// grubDevice is what GRUB's name of a device means, where that is certain.
func (r *reader) grubDevice(name string) (guest.Device, bool) {
	if volume, ok := strings.CutPrefix(name, "lvm/"); ok {
		return r.devices.Resolve("/dev/mapper/" + volume)
	}
	if m := grubDisk.FindStringSubmatch(name); m != nil && r.disks() == 1 && m[1] == "0" {
		partition, _ := strconv.Atoi(m[2])
		return r.devices.ByPosition(0, partition)
	}
	return guest.Device{}, false
}

var grubDisk = regexp.MustCompile(`^hd([0-9]+),(?:msdos|gpt)?([0-9]+)$`)

func (r *reader) disks() int {
	seen := map[int]bool{}
	for _, d := range r.devices {
		if d.Kind == guest.KindDisk || d.Kind == guest.KindPartition {
			seen[d.Disk] = true
		}
	}
	return len(seen)
}
