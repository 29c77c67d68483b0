package fix

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// names turns the guest's device names into names that hold on any machine.
type names struct {
	devices guest.Devices
	root    guest.Device // what is mounted at /
	hasRoot bool
	// appliance makes names mean what they mean in the appliance.
	appliance bool
}

func newNames(devices guest.Devices, mounts []guest.Mount) names {
	n := names{devices: devices}
	for _, m := range mounts {
		if m.Path != "/" {
			continue
		}
		for _, d := range devices {
			// libguestfs names a btrfs subvolume btrfsvol:/dev/sda2/path.
			if d.Name == m.Device || strings.HasPrefix(m.Device, "btrfsvol:"+d.Name+"/") {
				n.root, n.hasRoot = d, true
			}
		}
	}
	return n
}

// specKind says what a name in a configuration file is.
type specKind int

const (
	specOther     specKind = iota // no block device, or one that the name finds on any machine
	specByPath                    // tells the slot of the old machine
	specMachine                   // tells the bus, order or serial number of the old machine's disks
	specRemovable                 // a CD or floppy drive
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
	}, "|") + `)$`)
	softwareID    = regexp.MustCompile(`^/dev/disk/by-id/(dm-|md-|lvm-)`)
	removableName = regexp.MustCompile(`^/dev/((sr|scd|fd)[0-9]+\w*|(cdrom|cdrw|dvd|dvdrw|dvdram|floppy)[0-9]*)$`)
)

// classify tells which kind of name spec is.
func classify(spec string) specKind {
	switch {
	case strings.HasPrefix(spec, "/dev/disk/by-path/"), strings.HasPrefix(spec, "btrfsvol:"):
		return specByPath
	case removableName.MatchString(spec):
		return specRemovable
	case machineName.MatchString(spec) && !softwareID.MatchString(spec):
		return specMachine
	}
	return specOther
}

// isStale reports whether a device name of the old machine is in spec: it may
// mean another device, or none, on the new one.
func isStale(spec string) bool {
	kind := classify(spec)
	return kind == specMachine || kind == specByPath
}

// form is how the stable name has to be written for its reader.
type form int

const (
	asTag      form = iota // UUID=..., for whoever has udev or blkid
	asPartUUID             // PARTUUID=..., all that a kernel without initramfs knows
	asPath                 // /dev/disk/by-uuid/..., where only a path is read
	asKeptTag              // a tag that survives the content being overwritten at each boot
)

var (
	errNoDevice   = errors.New("no disk of this guest has that device")
	errNoStable   = errors.New("it has neither a UUID nor a label of its own that could stand in")
	errNoPartUUID = errors.New("it has no PARTUUID, and a kernel without initramfs knows no other stable name")
)

// stable returns the stable name of the device that the guest calls spec.
func (n names) stable(spec string, f form) (string, error) {
	device, ok := n.resolve(spec)
	if !ok {
		return "", errNoDevice
	}
	return n.stableOf(device, f)
}

func (n names) resolve(spec string) (guest.Device, bool) {
	if !n.appliance {
		return n.devices.Resolve(spec)
	}
	i := slices.IndexFunc(n.devices, func(d guest.Device) bool { return d.Name == spec })
	if i < 0 {
		return guest.Device{}, false
	}
	return n.devices[i], true
}

// stableOf returns the device's best name that no other device of the guest
// has too.
func (n names) stableOf(d guest.Device, f form) (string, error) {
	if own := mappedName(d); own != "" && (f == asTag || f == asPath) {
		return own, nil
	}
	tags := []guest.Tag{guest.TagUUID, guest.TagPartUUID, guest.TagLabel, guest.TagPartLabel}
	switch f {
	case asTag, asPath:
	case asPartUUID:
		tags = []guest.Tag{guest.TagPartUUID}
	case asKeptTag:
		tags = []guest.Tag{guest.TagPartUUID, guest.TagPartLabel}
	}
	for _, tag := range tags {
		name := d.StableName(tag)
		if !n.usable(d, tag, name) {
			continue
		}
		if f == asPath {
			return tagPath(name), nil
		}
		return name, nil
	}
	if f == asPartUUID {
		return "", errNoPartUUID
	}
	return "", errNoStable
}

// mappedName returns the name that device-mapper gives the device on any
// machine, or "". It beats a UUID, which a snapshot of the volume shares.
func mappedName(d guest.Device) string {
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

func (n names) usable(d guest.Device, tag guest.Tag, name string) bool {
	if !plainTag.MatchString(name) {
		return false
	}
	// An MBR without signature gives every disk's partitions the same names.
	if strings.HasPrefix(name, "PARTUUID=00000000-") && strings.Count(name, "-") == 1 {
		return false
	}
	for _, other := range n.devices {
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

// hasLockedDevice reports whether the guest has encryption that was not opened:
// then there are file systems that nobody saw.
func (n names) hasLockedDevice() bool {
	for _, d := range n.devices {
		if d.FSType != "crypto_LUKS" {
			continue
		}
		opened := false
		for _, inner := range n.devices {
			opened = opened || inner.Kind == guest.KindCrypt && inner.Parent == d.Name
		}
		if !opened {
			return true
		}
	}
	return false
}
