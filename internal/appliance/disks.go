//go:build cgo && linux

package appliance

import (
	"io"
	"maps"
	"slices"
	"strconv"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// KnowTables tells what is in the disks' partition tables where that was read before,
// from the same bytes and as parttable.Read does: they are not read again. What is not
// of all drives is of no use.
func (s *Session) KnowTables(tables []parttable.Disk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(tables) == len(s.drives) {
		s.tables = cloneTables(tables)
	}
}

// cloneTables is a copy that shares nothing: what a caller does with its own must not
// change what the next one is told.
func cloneTables(tables []parttable.Disk) []parttable.Disk {
	tables = slices.Clone(tables)
	for n := range tables {
		tables[n].Partitions = slices.Clone(tables[n].Partitions)
	}
	return tables
}

// Disks returns the guest's disks in their order.
func (s *Session) Disks() ([]parttable.Disk, error) {
	var disks []parttable.Disk
	err := s.call("read the partition tables", "", func(g *guestfs.Guestfs) (err error) {
		disks, err = s.readTables(g)
		return err
	})
	return cloneTables(disks), err
}

// readTables reads the partition tables once: the size of one disk alone takes a
// process in the appliance, and nothing here changes them.
func (s *Session) readTables(g *guestfs.Guestfs) ([]parttable.Disk, error) {
	if s.tables != nil {
		return s.tables, nil
	}
	names, err := g.List_devices()
	if err != nil {
		return nil, err
	}
	var tables []parttable.Disk
	for _, name := range names {
		disk, err := readDisk(g, name)
		if err != nil {
			return nil, describe("read the partition table of", name, cleanError(err))
		}
		tables = append(tables, disk)
	}
	s.tables = tables
	return tables, nil
}

// readDisk reads a disk's partition table together with its partitions' stable
// names.
func readDisk(g *guestfs.Guestfs, name string) (parttable.Disk, error) {
	size, err := g.Blockdev_getsize64(name)
	if err != nil {
		return parttable.Disk{}, err
	}
	sectors, err := g.Blockdev_getss(name)
	if err != nil {
		return parttable.Disk{}, err
	}
	disk, err := parttable.Read(blockDevice{g, name}, size, sectors)
	if err != nil {
		return parttable.Disk{}, err
	}
	disk.Name = name
	for n := range disk.Partitions {
		disk.Partitions[n].Device = partitionDevice(name, disk.Partitions[n].Number)
	}
	return disk, nil
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
func (s *Session) Devices() (guest.Devices, error) {
	var devices guest.Devices
	err := s.call("list the file systems", "", func(g *guestfs.Guestfs) (err error) {
		devices, err = s.listDevices(g)
		return err
	})
	return devices, err
}

// listDevices finds the devices once: a probe of one takes a process in the
// appliance.
func (s *Session) listDevices(g *guestfs.Guestfs) (guest.Devices, error) {
	if s.devices == nil {
		devices, err := s.probeDevices(g)
		if err != nil {
			return nil, err
		}
		s.devices = devices
	}
	return slices.Clone(s.devices), nil
}

func (s *Session) probeDevices(g *guestfs.Guestfs) (guest.Devices, error) {
	p := deviceProbe{session: s, g: g, over: -1}
	for _, probe := range []func() error{p.disks, p.arrays, p.openedDevices, p.volumes} {
		if err := probe(); err != nil {
			return nil, err
		}
	}
	return p.devices, nil
}

// deviceProbe collects the devices that the appliance sees.
type deviceProbe struct {
	session *Session
	g       *guestfs.Guestfs
	devices guest.Devices
	over    int // the disk that all else lies on, or -1 where it may be any
}

// add asks for the size of a device, where it has none yet, and for what is on it.
func (p *deviceProbe) add(device guest.Device) error {
	if device.Size == 0 {
		size, err := p.g.Blockdev_getsize64(device.Name)
		if err != nil {
			// A thin pool or an inactive volume has a name and no device.
			return nil //nolint:nilerr
		}
		device.Size = size
	}
	tags, err := p.g.Blkid(device.Name)
	if err != nil && p.session.ctx.Err() != nil {
		return err
	}
	// blkid fails where it recognises nothing.
	device.FSType = tags["TYPE"]
	device.UUID = tags["UUID"]
	device.Label = tags["LABEL"]
	p.devices = append(p.devices, device)
	return nil
}

// disks adds the disks and their partitions.
func (p *deviceProbe) disks() error {
	disks, err := p.session.readTables(p.g)
	if err != nil {
		return err
	}
	if len(disks) == 1 {
		p.over = 0
	}
	for i, disk := range disks {
		whole := guest.Device{Name: disk.Name, Kind: guest.KindDisk, Disk: i, Size: disk.Size}
		if i < len(p.session.drives) {
			whole.Serial = p.session.drives[i].Serial
		}
		if disk.PartitionTable != "" {
			p.devices = append(p.devices, whole)
		} else if err := p.add(whole); err != nil {
			return err
		}
		for _, partition := range disk.Partitions {
			if err := p.add(guest.Device{
				Name: partition.Device, Kind: guest.KindPartition, Disk: i, Partition: partition.Number, Size: partition.Size,
				PartUUID: partition.UUID, PartLabel: partition.Label,
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrays adds the arrays of md.
func (p *deviceProbe) arrays() error {
	arrays, err := p.g.List_md_devices()
	if err != nil {
		return err
	}
	for _, name := range arrays {
		array := guest.Device{Name: name, Kind: guest.KindMD, Disk: p.over}
		if detail, err := p.g.Md_detail(name); err == nil && detail["name"] != "" {
			array.GuestName = guest.ArrayPath(detail["name"])
		}
		if err := p.add(array); err != nil {
			return err
		}
	}
	return nil
}

// openedDevices adds what encrypted devices were opened as.
func (p *deviceProbe) openedDevices() error {
	opened := p.session.opened
	for _, parent := range slices.Sorted(maps.Keys(opened)) {
		if err := p.add(guest.Device{Name: opened[parent], Kind: guest.KindCrypt, Disk: p.over, Parent: parent}); err != nil {
			return err
		}
	}
	return nil
}

// volumes adds the logical volumes. It asks for none where nothing can hold one: LVM
// takes its time.
func (p *deviceProbe) volumes() error {
	if !slices.ContainsFunc(p.devices, mayHoldVolumes) {
		return nil
	}
	volumes, err := p.g.Lvs()
	if err != nil {
		return err
	}
	for _, name := range volumes {
		if err := p.add(guest.Device{Name: name, Kind: guest.KindLV, Disk: p.over}); err != nil {
			return err
		}
	}
	return nil
}

// mayHoldVolumes says that a device is a part of a volume group, or has partitions
// that were not looked at.
func mayHoldVolumes(d guest.Device) bool {
	return d.FSType == guest.FSTypeLVM || d.Kind == guest.KindMD || d.Kind == guest.KindCrypt
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
