package testguest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Layout says how a guest's storage is stacked. Devices are named as the guest
// saw them on its old machine (/dev/sda1, /dev/nvme0n1p2, /dev/md0,
// /dev/mapper/sda2_crypt, /dev/vg/root); the appliance's names are worked out.
type Layout struct {
	Disks     []Disk
	Arrays    []Array
	Encrypted []Encrypted
	Groups    []VolumeGroup
	// Filesystems include swap areas. Exactly one is mounted on "/".
	Filesystems []Filesystem
}

// Disk is a virtual disk.
type Disk struct {
	Name       string // as the guest named it, without /dev/: sda, xvda, nvme0n1
	SizeMiB    int64
	Table      Table
	Partitions []Partition
}

// starts says that a BIOS is meant to start from the disk.
func (d Disk) starts() bool {
	return slices.ContainsFunc(d.Partitions, func(p Partition) bool { return p.Bootable || p.Use == UseBIOSBoot })
}

// Table is a partition table type.
type Table string

// The partition table types.
const (
	MBR Table = "mbr"
	GPT Table = "gpt"
)

// Partition is one entry of a disk's partition table, numbered by its place
// (logical partitions from 5).
type Partition struct {
	SizeMiB  int64 // the rest of the disk (or of the extended partition) where zero
	Use      Use
	Logical  bool // MBR only: inside the extended partition before it
	Bootable bool
}

// Use is what a partition is for; it gives the type in the partition table.
type Use string

// The uses of a partition.
const (
	UseLinux    Use = "linux"
	UseSwap     Use = "swap"
	UseLVM      Use = "lvm"
	UseRAID     Use = "raid"
	UseESP      Use = "esp"
	UseBIOSBoot Use = "bios_boot"
	UseExtended Use = "extended"
)

// Array is a software RAID made by mdadm (RAID 1, metadata 1.2).
type Array struct {
	Device  string // /dev/md0
	Members []string
}

// Encrypted is a LUKS2 container with one passphrase.
type Encrypted struct {
	Device     string
	Name       string // under /dev/mapper once open
	Passphrase string
}

// VolumeGroup is an LVM volume group with its logical volumes.
type VolumeGroup struct {
	Name    string
	Devices []string
	Volumes []LogicalVolume
}

// LogicalVolume is a linear LVM volume.
type LogicalVolume struct {
	Name    string
	SizeMiB int64 // all that is left where zero
}

// Filesystem is a file system or a swap area and its line in fstab.
type Filesystem struct {
	Device     string
	Type       string // ext4, xfs, btrfs, vfat, swap
	Mount      string // "" with Subvolumes, and for swap
	Label      string
	Options    string // fstab's fourth field; a sensible default where empty
	Source     string // fstab's first field, exact, or BySource*; Device where empty
	Subvolumes []Subvolume
}

// Subvolume is a btrfs subvolume and where it is mounted.
type Subvolume struct {
	Name  string // @, @home
	Mount string
}

// Ways to name a file system in fstab and root= that the builder fills in.
const (
	SourceUUID  = "UUID"
	SourceLabel = "LABEL"
)

// mountPoint is one mount of the finished guest.
type mountPoint struct {
	filesystem Filesystem
	subvolume  string
	path       string
}

// mounts returns every mount, parents before children.
func (l Layout) mounts() []mountPoint {
	var all []mountPoint
	for _, f := range l.Filesystems {
		if f.Mount != "" {
			all = append(all, mountPoint{filesystem: f, path: f.Mount})
		}
		for _, s := range f.Subvolumes {
			all = append(all, mountPoint{filesystem: f, subvolume: s.Name, path: s.Mount})
		}
	}
	slices.SortStableFunc(all, func(a, b mountPoint) int {
		return strings.Compare(path.Join(a.path, "/"), path.Join(b.path, "/"))
	})
	return all
}

func (l Layout) rootFilesystem() (Filesystem, bool) {
	for _, m := range l.mounts() {
		if m.path == "/" {
			return m.filesystem, true
		}
	}
	return Filesystem{}, false
}

// source returns what fstab calls the file system.
func (l Layout) source(recipe string, f Filesystem) string {
	switch f.Source {
	case "":
		return f.Device
	case SourceUUID:
		return "UUID=" + filesystemUUID(recipe, f)
	case SourceLabel:
		return "LABEL=" + f.Label
	default:
		return f.Source
	}
}

// fstab returns the guest's /etc/fstab.
func (l Layout) fstab(recipe string) string {
	var b strings.Builder
	b.WriteString("# /etc/fstab: static file system information.\n")
	b.WriteString("# <file system> <mount point>   <type>  <options>       <dump>  <pass>\n")
	for _, m := range l.mounts() {
		options, pass := m.filesystem.Options, 2
		if options == "" {
			options = "defaults"
			if m.path == "/" && m.filesystem.Type == "ext4" {
				options = "errors=remount-ro"
			}
		}
		if m.subvolume != "" {
			options += ",subvol=" + m.subvolume
		}
		switch {
		case m.filesystem.Type == "btrfs" || m.filesystem.Type == "xfs":
			pass = 0
		case m.path == "/":
			pass = 1
		}
		fmt.Fprintf(&b, "%s %s %s %s 0 %d\n", l.source(recipe, m.filesystem), m.path, m.filesystem.Type, options, pass)
	}
	for _, f := range l.Filesystems {
		if f.Type == "swap" {
			fmt.Fprintf(&b, "%s none swap sw 0 0\n", l.source(recipe, f))
		}
	}
	return b.String()
}

// crypttab returns the guest's /etc/crypttab, or "" for none.
func (l Layout) crypttab() string {
	var b strings.Builder
	for _, e := range l.Encrypted {
		fmt.Fprintf(&b, "%s %s none luks,initramfs\n", e.Name, e.Device)
	}
	return b.String()
}

// applianceDevice translates a guest's device name to the appliance's.
func (l Layout) applianceDevice(device string) string {
	for i, disk := range l.Disks {
		rest, ok := strings.CutPrefix(device, "/dev/"+disk.Name)
		if !ok {
			continue
		}
		rest = strings.TrimPrefix(rest, "p")
		if _, err := strconv.Atoi(rest); rest == "" || err == nil {
			return applianceDisk(i) + rest
		}
	}
	return device
}

// applianceDisk names a disk by its label. The kernel's own names, which
// programs run in the guest see, are not in the order of the drives when the
// appliance finds them at the same time.
func applianceDisk(index int) string { return "/dev/disk/guestfs/" + diskLabel(index) }

// diskLabel is the label under which a disk is given to the appliance.
func diskLabel(index int) string { return "disk" + string(rune('a'+index)) }

// filesystemUUID is fixed by the recipe's name and the device, so that
// configuration naming it can be written before the file system exists. vfat
// has volume ids of its own form.
func filesystemUUID(recipe string, f Filesystem) string {
	if f.Type == "vfat" {
		id := deriveUUID(recipe, f.Device)
		return strings.ToUpper(id[:4] + "-" + id[4:8])
	}
	return deriveUUID(recipe, f.Device)
}

// deriveUUID returns a random-looking UUID (version 4 form) fixed by its input.
func deriveUUID(recipe, thing string) string {
	sum := sha256.Sum256([]byte(recipe + "\x00" + thing))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// validate finds mistakes in a recipe before minutes are spent on it.
func (l Layout) validate() error {
	var errs []error
	if len(l.Disks) == 0 {
		errs = append(errs, errors.New("layout has no disks"))
	}
	if _, ok := l.rootFilesystem(); !ok {
		errs = append(errs, errors.New(`layout has no file system on "/"`))
	}
	for _, f := range l.Filesystems {
		switch f.Type {
		case "ext4", "xfs", "btrfs", "vfat", "swap":
		default:
			errs = append(errs, fmt.Errorf("file system on %s: type %q is not known", f.Device, f.Type))
		}
		if f.Source == SourceLabel && f.Label == "" {
			errs = append(errs, fmt.Errorf("file system on %s: mounted by label but has none", f.Device))
		}
		if len(f.Subvolumes) > 0 && f.Type != "btrfs" {
			errs = append(errs, fmt.Errorf("file system on %s: only btrfs has subvolumes", f.Device))
		}
	}
	return errors.Join(errs...)
}
