//go:build cgo && linux

package guest

import (
	"io"
	"maps"
	"slices"
	"strconv"

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
	disk, _, err := readTable(g, name)
	if err != nil {
		return disk, err
	}
	sector := make([]byte, sectorSize)
	if _, err := (blockDevice{g, name}).ReadAt(sector, 0); err != nil {
		return disk, err
	}
	disk.BootCode = bootCodeOf(sector)
	return disk, nil
}

// readTable reads a disk's partition table together with its partitions'
// stable names.
func readTable(g *guestfs.Guestfs, name string) (Disk, []tableEntry, error) {
	size, err := g.Blockdev_getsize64(name)
	if err != nil {
		return Disk{}, nil, err
	}
	sectors, err := g.Blockdev_getss(name)
	if err != nil {
		return Disk{}, nil, err
	}
	table, entries, err := readPartitionTable(blockDevice{g, name}, int64(sectors))
	if err != nil {
		return Disk{}, nil, err
	}
	disk := Disk{Name: name, Size: size, PartitionTable: table}
	for i := range entries {
		entries[i].Device = partitionDevice(name, entries[i].Number)
		disk.Partitions = append(disk.Partitions, entries[i].Partition)
	}
	return disk, entries, nil
}

// blockDevice reads a device in the appliance.
type blockDevice struct {
	g    *guestfs.Guestfs
	name string
}

// ReadAt implements io.ReaderAt for what fits into one message: 2 MiB.
func (d blockDevice) ReadAt(p []byte, off int64) (int, error) {
	data, err := d.g.Pread_device(d.name, len(p), off)
	if err != nil {
		return 0, err
	}
	if n := copy(p, data); n < len(p) {
		return n, io.ErrUnexpectedEOF
	}
	return len(p), nil
}

// Devices returns everything that can hold a file system: each disk and its
// partitions, in the disks' order, then arrays, open LUKS devices and volumes.
func (s *Session) Devices() (Devices, error) {
	var devices Devices
	err := s.call("list the file systems", "", func(g *guestfs.Guestfs) (err error) {
		devices, err = s.listDevices(g)
		return err
	})
	return devices, err
}

// listDevices finds the devices once: a probe of one takes a process in the
// appliance.
func (s *Session) listDevices(g *guestfs.Guestfs) (Devices, error) {
	if s.devices == nil {
		devices, err := s.probeDevices(g)
		if err != nil {
			return nil, err
		}
		s.devices = devices
	}
	return slices.Clone(s.devices), nil
}

func (s *Session) probeDevices(g *guestfs.Guestfs) (Devices, error) {
	var devices Devices
	add := func(device Device) error {
		if device.Size == 0 {
			size, err := g.Blockdev_getsize64(device.Name)
			if err != nil {
				// A thin pool or an inactive volume has a name and no device.
				return nil //nolint:nilerr
			}
			device.Size = size
		}
		tags, err := g.Blkid(device.Name)
		if err != nil && s.ctx.Err() != nil {
			return err
		}
		// blkid fails where it recognises nothing.
		device.FSType = tags["TYPE"]
		device.UUID = tags["UUID"]
		device.Label = tags["LABEL"]
		devices = append(devices, device)
		return nil
	}

	disks, err := g.List_devices()
	if err != nil {
		return nil, err
	}
	for i, name := range disks {
		disk, entries, err := readTable(g, name)
		if err != nil {
			return nil, err
		}
		whole := Device{Name: name, Kind: KindDisk, Disk: i, Size: disk.Size}
		if i < len(s.serials) {
			whole.Serial = s.serials[i]
		}
		if disk.PartitionTable != "" {
			devices = append(devices, whole)
		} else if err := add(whole); err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if err := add(Device{
				Name: entry.Device, Kind: KindPartition, Disk: i, Partition: entry.Number, Size: entry.Size,
				PartUUID: entry.PartUUID, PartLabel: entry.PartLabel,
			}); err != nil {
				return nil, err
			}
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
		array := Device{Name: name, Kind: KindMD, Disk: over}
		if detail, err := g.Md_detail(name); err == nil && detail["name"] != "" {
			array.GuestName = arrayPath(detail["name"])
		}
		if err := add(array); err != nil {
			return nil, err
		}
	}
	for _, parent := range slices.Sorted(maps.Keys(s.opened)) {
		if err := add(Device{Name: s.opened[parent], Kind: KindCrypt, Disk: over, Parent: parent}); err != nil {
			return nil, err
		}
	}
	volumes, err := g.Lvs()
	if err != nil {
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
