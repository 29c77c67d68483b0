package offline

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/volume"
)

// View is what was seen of a guest. Devices have the names that they have in an
// appliance with the same disks.
type View struct {
	Disks   []parttable.Disk
	Devices guest.Devices
	Systems []guest.OS
	// Unread says what was not read and may hold an operating system or a part of
	// one, or what of the system could not be told: with any, the view may be
	// wrong.
	Unread []string
	// Stale are the devices whose file systems were not unmounted: what was read
	// of them may be older than what their journals hold.
	Stale []string

	keys        bool
	unknown     []string              // devices that hold something that is not recognised
	filesystems map[string]blockfs.FS // by the device's name
}

// Look finds out what lies on the disks. It takes no longer than ctx allows. An
// error means that nothing is known. Encrypted devices count as read where there
// are no keys, as nobody can read them then.
func Look(ctx context.Context, disks []Disk, keys bool) (*View, error) {
	v := &View{keys: keys, filesystems: map[string]blockfs.FS{}}
	err := guarded(func() error { return v.look(ctx, disks) })
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (v *View) look(ctx context.Context, disks []Disk) error {
	budget := int64(maxRead)
	var parts []volume.Device // what is no disk with a table
	for n, disk := range disks {
		name := diskName(n)
		reader := newPages(ctx, disk, &budget)
		table, err := parttable.Read(reader, disk.Size, disk.SectorSize)
		if err != nil {
			return fmt.Errorf("reading the partition table of %s: %w", name, err)
		}
		table.Name = name
		whole := guest.Device{Name: name, Kind: guest.KindDisk, Disk: n, Size: disk.Size, Serial: disk.Serial}
		v.Devices = append(v.Devices, whole)
		if table.PartitionTable == "" {
			parts = append(parts, volume.Device{Name: name, ReaderAt: reader, Size: disk.Size})
		}
		for i := range table.Partitions {
			partition := &table.Partitions[i]
			partition.Device = name + strconv.Itoa(partition.Number)
			v.Devices = append(v.Devices, guest.Device{
				Name: partition.Device, Kind: guest.KindPartition, Disk: n, Partition: partition.Number, Size: partition.Size,
				PartUUID: partition.UUID, PartLabel: partition.Label,
			})
			if isExtended(table, *partition) {
				continue
			}
			part, ok := section(reader, disk.Size, *partition)
			if !ok {
				v.unread("%s lies outside of its disk", partition.Device)
				continue
			}
			parts = append(parts, part)
		}
		v.Disks = append(v.Disks, table)
	}
	over := -1
	if len(disks) == 1 {
		over = 0
	}
	parts = append(parts, v.assembleArrays(parts, over)...)
	var physical []volume.Device
	for _, part := range parts {
		if err := v.identify(part, &physical); err != nil {
			return err
		}
	}
	if err := v.activateGroups(physical, over); err != nil {
		return err
	}
	return v.findSystems()
}

func (v *View) unread(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if !slices.Contains(v.Unread, reason) {
		v.Unread = append(v.Unread, reason)
	}
}

// diskName is the name of the n-th disk: sda to sdz, then sdaa.
func diskName(n int) string {
	name := ""
	for n++; n > 0; n = (n - 1) / 26 {
		name = string(rune('a'+(n-1)%26)) + name
	}
	return "/dev/sd" + name
}

// isExtended says that a partition is the room for logical ones.
func isExtended(table parttable.Disk, p parttable.Partition) bool {
	return table.PartitionTable == "dos" && slices.Contains([]int{0x05, 0x0F, 0x85}, p.MBRType)
}

// section is a partition as a device of its own.
func section(disk *pages, size int64, p parttable.Partition) (volume.Device, bool) {
	if p.Start < 0 || p.Size <= 0 || p.Start > size-p.Size {
		return volume.Device{}, false
	}
	return volume.Device{Name: p.Device, ReaderAt: &window{disk, p.Start, p.Size}, Size: p.Size}, true
}

// device finds a device by its name, to add to what is known of it.
func (v *View) device(name string) *guest.Device {
	for n := range v.Devices {
		if v.Devices[n].Name == name {
			return &v.Devices[n]
		}
	}
	return nil
}

// assembleArrays finds the arrays, names them as mdadm does where it knows no
// names, and returns those that can be read.
func (v *View) assembleArrays(parts []volume.Device, over int) []volume.Device {
	var found []volume.Device
	for n, array := range volume.Arrays(parts) {
		for _, member := range array.Members {
			device := v.device(member)
			device.FSType, device.UUID, device.Label = "linux_raid_member", array.UUID, array.Name
		}
		device := guest.Device{Name: "/dev/md" + strconv.Itoa(127-n), Kind: guest.KindMD, Disk: over, Size: array.Size}
		if array.Name != "" {
			device.GuestName = guest.ArrayPath(array.Name)
		}
		opened, err := array.Open()
		if err != nil {
			v.unread("%s: %v", device.Name, err)
		} else {
			opened.Name = device.Name
			device.Size = opened.Size
			found = append(found, opened)
		}
		v.Devices = append(v.Devices, device)
	}
	return found
}

// activateGroups finds the volumes of the volume groups.
func (v *View) activateGroups(physical []volume.Device, over int) error {
	groups, err := volume.Groups(physical)
	if err != nil {
		v.unread("%v", err)
	}
	for _, group := range groups {
		if group.Missing {
			v.unread("a disk of the volume group %s is missing", group.Name)
		}
		for _, found := range group.Volumes {
			device := guest.Device{Name: "/dev/" + group.Name + "/" + found.Name, Kind: guest.KindLV, Disk: over, Size: found.Size}
			v.Devices = append(v.Devices, device)
			opened, err := found.Open()
			if err != nil {
				v.unread("%s: %v", device.Name, err)
				continue
			}
			opened.Name = device.Name
			if err := v.identify(opened, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// quiet are the types of content that hold no operating system.
var quiet = map[string]bool{"": true, guest.FSTypeSwap: true, guest.FSTypeSuspended: true, "linux_raid_member": true, "jbd": true, "iso9660": true, "BitLocker": true}

// identify tells what lies on a device, and opens it where it is a file system.
func (v *View) identify(part volume.Device, physical *[]volume.Device) error {
	device := v.device(part.Name)
	if device.FSType != "" {
		return nil // a member of an array
	}
	found, err := blockfs.Identify(part, part.Size)
	if err != nil {
		return fmt.Errorf("reading %s: %w", part.Name, err)
	}
	device.FSType, device.UUID, device.Label = found.Type, found.UUID, found.Label
	if found.Type == "" && !found.Blank {
		v.unknown = append(v.unknown, part.Name)
	}
	switch {
	case quiet[found.Type], found.Type == guest.FSTypeLUKS && !v.keys:
		return nil
	case found.Type == guest.FSTypeLVM && physical != nil:
		*physical = append(*physical, part)
		return nil
	}
	opened, err := blockfs.Open(part, found)
	if err != nil {
		v.unread("%s (%s): %v", part.Name, found.Type, err)
		return nil
	}
	if found.NeedsRecovery {
		v.Stale = append(v.Stale, part.Name)
	}
	v.filesystems[part.Name] = opened
	return nil
}

// isStale says that one of the mounts may hold other files than were read.
func (v *View) isStale(mounts []guest.Mount) bool {
	return slices.ContainsFunc(mounts, func(m guest.Mount) bool { return slices.Contains(v.Stale, m.Device) })
}

// StaleNote says, for people, what of a guest's files may be old; "" for nothing.
func (v *View) StaleNote(mounts []guest.Mount) string {
	if !v.isStale(mounts) {
		return ""
	}
	return "the file systems on " + strings.Join(v.Stale, ", ") + " were not unmounted: what was read may lack the last changes, which are in their journals"
}
