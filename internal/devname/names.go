// Package devname knows the names of block devices in a guest's configuration:
// which of them belong to the old machine, and what finds the same device on any
// other.
package devname

import (
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Names turns the guest's device names into names that hold on any machine.
type Names struct {
	Devices guest.Devices
	Root    guest.Device // what is mounted at /
	HasRoot bool
	// Appliance makes names mean what they mean in the appliance.
	Appliance bool
	// First is the disk, by its index, that the new machine has first: those before it
	// come behind it.
	First int
	kind  string // of the new machine's disks, "sd" or "vd", where On was told of them
}

// New makes the names of a guest with these devices and mounted file systems.
func New(devices guest.Devices, mounts []guest.Mount) Names {
	n := Names{Devices: devices}
	for _, m := range mounts {
		if m.Path != "/" {
			continue
		}
		for _, d := range devices {
			// libguestfs names a btrfs subvolume btrfsvol:/dev/sda2/path.
			if d.Name == m.Device || strings.HasPrefix(m.Device, "btrfsvol:"+d.Name+"/") {
				n.Root, n.HasRoot = d, true
			}
		}
	}
	return n
}

// Kind says what a name in a configuration file is.
type Kind int

// The kinds of names.
const (
	Other     Kind = iota // no block device, or one that the name finds on any machine
	ByPath                // tells the slot of the old machine
	Machine               // tells the bus, order or serial number of the old machine's disks
	Removable             // a CD or floppy drive
)

var (
	machineName = regexp.MustCompile(`^/dev/(` + strings.Join([]string{
		`(sd|hd|vd|xvd|ubd)[a-z]+[0-9]*`,
		`nvme[0-9]+n[0-9]+(p[0-9]+)?`,
		`(mmcblk|nbd|pmem)[0-9]+(p[0-9]+)?`,
		`(cciss|ida|rd)/c[0-9]+d[0-9]+(p[0-9]+)?`,
		`md[0-9]+(p[0-9]+)?`, `md_d[0-9]+(p[0-9]+)?`, `md/.+`,
		`dm-[0-9]+`,
		`block/[0-9]+:[0-9]+`,
		`disk/by-id/.+`,
		`disk/(by-diskseq|by-vdev|azure|cloud)/.+`, // by the order of disks, and by their slots
		`emcpower[a-z]+[0-9]*`,
	}, "|") + `)$`)
	// multipathName is a map by multipath's friendly name or by a WWID. A virtio
	// disk has no WWID, so that no such map appears on the new machine.
	multipathName = regexp.MustCompile(`^/dev/(mapper|mpath)/(mpath(_?[a-z0-9]+?)|3[0-9a-f]{32}|3[0-9a-f]{16}|eui\.[0-9a-f]{16}|nvme\.[0-9a-f]{4}(-[0-9a-f]+)+)((-part|_part|p)?[0-9]+)?$`)
	softwareID    = regexp.MustCompile(`^/dev/disk/by-id/(dm-|md-|lvm-)`)
	multipathID   = regexp.MustCompile(`^/dev/disk/by-id/dm-(name-mpath|uuid-(part[0-9]+-)?mpath-)`)
	removableName = regexp.MustCompile(`^/dev/((sr|scd|fd)[0-9]+\w*|(cdrom|cdrw|dvd|dvdrw|dvdram|floppy)([0-9]*|-(sr|hd)[0-9a-z]+))$`)
)

// Classify tells which kind of name spec is.
func Classify(spec string) Kind {
	spec = clean(spec)
	switch {
	case strings.HasPrefix(spec, "/dev/disk/by-path/"), strings.HasPrefix(spec, "btrfsvol:"):
		return ByPath
	case removableName.MatchString(spec):
		return Removable
	case machineName.MatchString(spec) && !softwareID.MatchString(spec),
		multipathName.MatchString(spec), multipathID.MatchString(spec):
		return Machine
	}
	return Other
}

// clean writes a path as the kernel takes it: /dev//sda1 and /dev/./sda1 are /dev/sda1.
func clean(spec string) string {
	if strings.HasPrefix(spec, "/dev/") && (strings.Contains(spec, "//") || strings.Contains(spec, "/.")) {
		return path.Clean(spec)
	}
	return spec
}

// IsStale reports whether a device name of the old machine is in spec: it may
// mean another device, or none, on the new one.
func IsStale(spec string) bool {
	kind := Classify(spec)
	return kind == Machine || kind == ByPath
}

// Form is how the stable name has to be written for its reader.
type Form int

// The forms of stable names.
const (
	AsTag      Form = iota // UUID=..., for whoever has udev or blkid
	AsPartUUID             // PARTUUID=..., all that a kernel without initramfs knows
	AsPath                 // /dev/disk/by-uuid/..., where only a path is read
	AsKeptTag              // a tag that survives the content being overwritten at each boot
)

var (
	errNoDevice   = errors.New("no disk of this guest has that device")
	errNoStable   = errors.New("it has neither a UUID nor a label of its own that could stand in")
	errNoPartUUID = errors.New("it has no PARTUUID, and a kernel without initramfs knows no other stable name")
)

// Stable returns the stable name of the device that the guest calls spec.
func (n Names) Stable(spec string, f Form) (string, error) {
	if IsStale(spec) && n.Holds(spec) {
		return spec, nil
	}
	device, ok := n.Resolve(spec)
	if !ok {
		return "", errNoDevice
	}
	return n.StableOf(device, f)
}

// Resolve finds the device that the guest, or the appliance, calls spec.
func (n Names) Resolve(spec string) (guest.Device, bool) {
	spec = clean(spec)
	if !n.Appliance {
		return n.Devices.Resolve(spec)
	}
	i := slices.IndexFunc(n.Devices, func(d guest.Device) bool { return d.Name == spec })
	if i < 0 {
		return guest.Device{}, false
	}
	return n.Devices[i], true
}

// StableOf returns the device's best name that no other device of the guest
// has too.
func (n Names) StableOf(d guest.Device, f Form) (string, error) {
	if own := MappedName(d); own != "" && (f == AsTag || f == AsPath) {
		return own, nil
	}
	tags := []guest.Tag{guest.TagUUID, guest.TagPartUUID, guest.TagLabel, guest.TagPartLabel}
	switch f {
	case AsTag, AsPath:
	case AsPartUUID:
		tags = []guest.Tag{guest.TagPartUUID}
	case AsKeptTag:
		tags = []guest.Tag{guest.TagPartUUID, guest.TagPartLabel}
	}
	for _, tag := range tags {
		name := d.StableName(tag)
		if !n.usable(d, tag, name) {
			continue
		}
		if f == AsPath {
			return tagPath(name), nil
		}
		return name, nil
	}
	if f == AsPartUUID {
		return "", errNoPartUUID
	}
	return "", errNoStable
}

// MappedName returns the name that device-mapper gives the device on any
// machine, or "". It beats a UUID, which a snapshot of the volume shares.
func MappedName(d guest.Device) string {
	switch d.Kind {
	case guest.KindLV:
		return d.Name
	case guest.KindCrypt:
		return d.GuestName
	default:
		return ""
	}
}

// plainTag holds no character that a configuration file would need quoted.
var plainTag = regexp.MustCompile(`^[A-Z]+=[A-Za-z0-9_.:+@/-]+$`)

func (n Names) usable(d guest.Device, tag guest.Tag, name string) bool {
	if !plainTag.MatchString(name) {
		return false
	}
	// An MBR without signature gives every disk's partitions the same names.
	if strings.HasPrefix(name, "PARTUUID=00000000-") && strings.Count(name, "-") == 1 {
		return false
	}
	for _, other := range n.Devices {
		// All devices of one btrfs share its UUID and label.
		sameBtrfs := d.FSType == "btrfs" && other.FSType == "btrfs" && d.UUID == other.UUID
		if other.Name != d.Name && !sameBtrfs && other.StableName(tag) == name {
			return false
		}
	}
	return true
}

// tagPath turns UUID=x into the link that udev makes for it.
func tagPath(tag string) string {
	name, value, _ := strings.Cut(tag, "=")
	return "/dev/disk/by-" + strings.ToLower(name) + "/" + value
}

// HasLockedDevice reports whether the guest has encryption that was not opened:
// then there are file systems that nobody saw.
func (n Names) HasLockedDevice() bool {
	for _, d := range n.Devices {
		if d.FSType != "crypto_LUKS" {
			continue
		}
		opened := false
		for _, inner := range n.Devices {
			opened = opened || inner.Kind == guest.KindCrypt && inner.Parent == d.Name
		}
		if !opened {
			return true
		}
	}
	return false
}

// IsGone reports whether a name is bound to the old machine, and does not hold on that
// which On tells of, or on no disk of the guest. Below encryption that was not opened, nobody can tell.
func (n Names) IsGone(spec string) bool {
	if IsStale(spec) {
		return !n.Holds(spec)
	}
	if _, found := n.Devices.Resolve(spec); found || len(n.Devices) == 0 {
		return false
	}
	return !n.HasLockedDevice()
}
