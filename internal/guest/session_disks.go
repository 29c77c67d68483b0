//go:build cgo && linux

package guest

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"libguestfs.org/guestfs"
)

// Disks returns the guest's disks in their order.
func (s *Session) Disks() ([]Disk, error) {
	var disks []Disk
	err := s.call("read the partition tables", "", func(g *guestfs.Guestfs) error {
		names, err := g.List_devices()
		if err != nil {
			return err
		}
		for _, name := range names {
			disk, err := readDisk(g, name)
			if err != nil {
				return describe("read the partition table of", name, cleanError(err))
			}
			disks = append(disks, disk)
		}
		return nil
	})
	return disks, err
}

func readDisk(g *guestfs.Guestfs, name string) (Disk, error) {
	size, err := g.Blockdev_getsize64(name)
	if err != nil {
		return Disk{}, err
	}
	disk := Disk{Name: name, Size: size}
	table, err := g.Part_get_parttype(name)
	if err != nil {
		// parted tells an unknown or missing table by failing.
		return disk, nil //nolint:nilerr
	}
	switch table {
	case "msdos":
		disk.PartitionTable = "dos"
	case "gpt":
		disk.PartitionTable = "gpt"
	default: // "loop" is a file system on the whole disk
		return disk, nil
	}
	partitions, err := g.Part_list(name)
	if err != nil {
		return Disk{}, err
	}
	for _, p := range *partitions {
		partition := Partition{
			Number: int(p.Part_num),
			Device: partitionDevice(name, int(p.Part_num)),
			Start:  int64(p.Part_start),
			Size:   int64(p.Part_size),
		}
		if disk.PartitionTable == "gpt" {
			partition.GPTType, err = g.Part_get_gpt_type(name, partition.Number)
			partition.GPTType = strings.ToUpper(partition.GPTType)
		} else {
			partition.MBRType, err = g.Part_get_mbr_id(name, partition.Number)
		}
		if err != nil {
			return Disk{}, err
		}
		if partition.Bootable, err = g.Part_get_bootable(name, partition.Number); err != nil {
			return Disk{}, err
		}
		disk.Partitions = append(disk.Partitions, partition)
	}
	return disk, nil
}

// Devices returns everything that can hold a file system, disks first, in the
// disks' order.
func (s *Session) Devices() (Devices, error) {
	var devices Devices
	err := s.call("list the file systems", "", func(g *guestfs.Guestfs) (err error) {
		devices, err = s.listDevices(g)
		return err
	})
	return devices, err
}

func (s *Session) listDevices(g *guestfs.Guestfs) (Devices, error) {
	var devices Devices
	add := func(device Device) error {
		size, err := g.Blockdev_getsize64(device.Name)
		if err != nil {
			// A thin pool or an inactive volume has a name and no device.
			return nil //nolint:nilerr
		}
		device.Size = size
		device.GuestName = s.guestNames[device.Name]
		tags, err := g.Blkid(device.Name)
		if err != nil && s.ctx.Err() != nil {
			return err
		}
		// blkid fails where it recognises nothing.
		device.FSType = tags["TYPE"]
		device.UUID = tags["UUID"]
		device.Label = tags["LABEL"]
		device.PartUUID = tags["PART_ENTRY_UUID"]
		device.PartLabel = decodeLink(tags["PART_ENTRY_NAME"])
		devices = append(devices, device)
		return nil
	}

	disks, err := g.List_devices()
	if err != nil {
		return nil, err
	}
	index := map[string]int{}
	for i, name := range disks {
		index[name] = i
		if err := add(Device{Name: name, Kind: KindDisk, Disk: i}); err != nil {
			return nil, err
		}
	}
	partitions, err := g.List_partitions()
	if err != nil {
		return nil, err
	}
	for _, name := range partitions {
		disk, err := g.Part_to_dev(name)
		if err != nil {
			return nil, err
		}
		number, err := g.Part_to_partnum(name)
		if err != nil {
			return nil, err
		}
		if err := add(Device{Name: name, Kind: KindPartition, Disk: index[disk], Partition: number}); err != nil {
			return nil, err
		}
	}

	over := -1
	if len(disks) == 1 {
		over = 0
	}
	arrays, err := g.List_md_devices()
	if err != nil {
		return nil, err
	}
	for _, name := range arrays {
		if detail, err := g.Md_detail(name); err == nil && detail["name"] != "" {
			s.guestNames[name] = arrayPath(detail["name"])
		}
		if err := add(Device{Name: name, Kind: KindMD, Disk: over}); err != nil {
			return nil, err
		}
	}
	for _, parent := range slices.Sorted(maps.Keys(s.opened)) {
		if err := add(Device{Name: s.opened[parent], Kind: KindCrypt, Disk: over, Parent: parent}); err != nil {
			return nil, err
		}
	}
	volumes, err := g.Lvs()
	if err != nil && !errors.Is(cleanError(err), fs.ErrNotExist) {
		return nil, err
	}
	for _, name := range volumes {
		if err := add(Device{Name: name, Kind: KindLV, Disk: over}); err != nil {
			return nil, err
		}
	}
	return devices, nil
}

// partitionDevice is the name of a partition: a disk's name that ends in a
// digit takes a p.
func partitionDevice(disk string, number int) string {
	separator := ""
	if last := disk[len(disk)-1]; last >= '0' && last <= '9' {
		separator = "p"
	}
	return disk + separator + strconv.Itoa(number)
}
