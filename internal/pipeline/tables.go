package pipeline

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// startLength is how much of a disk's start tells what it starts, and of which
// size its sectors are: tables and the beginning of the first partition. In
// bytes.
const startLength = 1<<20 + 256<<10

// usualSector is the size of sectors that every machine has, in bytes.
const usualSector = 512

// readTables reads the partition tables, and the sizes of the sectors in bytes,
// without an appliance, and warns of disks that a new machine would not
// understand.
func readTables(ctx context.Context, say *reporter, disks []source.Disk, work string) (tables []parttable.Disk, sectorSizes []int, err error) {
	for _, disk := range disks {
		start, err := qemuimg.ReadStart(ctx, disk.Image, min(startLength, disk.VirtualSize), work)
		if err != nil {
			return nil, nil, err
		}
		sector := source.SectorSize(start)
		read, err := parttable.ReadStart(bytes.NewReader(start), disk.VirtualSize, sector)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the partition table of %s: %w", disk.Name, err)
		}
		extents, err := parttable.Extents(bytes.NewReader(start))
		if err != nil {
			return nil, nil, fmt.Errorf("reading the partition table of %s: %w", disk.Name, err)
		}
		if end := parttable.End(extents); end > disk.VirtualSize && disk.Format != rawFormat {
			say.find(report.ConcernDiskEnd, fmt.Sprintf("the partition table of %s reaches to byte %d, and the disk has %d: its end is missing, unless it was made smaller on purpose",
				disk.Name, end, disk.VirtualSize), "compare its size with that of the old machine's disk, and take the disk again if that is larger")
		}
		tables = append(tables, read)
		sectorSizes = append(sectorSizes, sector)
		if sector != usualSector {
			say.find(report.ConcernSectorSize, fmt.Sprintf("%s has sectors of %d bytes: its partition table counts in them, and a machine with sectors of %d bytes finds no partition",
				disk.Name, sector, usualSector), remedyForSectors(sector))
		}
	}
	return tables, sectorSizes, nil
}

// rawFormat is that of disks whose length is compared with their tables when they are
// opened.
const rawFormat = "raw"

// unusualSector is the size of the sectors of the n-th disk, or 0 where it is the
// usual.
func (o opened) unusualSector(n int) int {
	if n >= len(o.sectorSizes) || o.sectorSizes[n] == usualSector {
		return 0
	}
	return o.sectorSizes[n]
}

// remedyForSectors is what a new machine needs for a disk with large sectors.
func remedyForSectors(size int) string {
	return fmt.Sprintf("give the disk of the new machine logical_block_size=%d: QEMU takes logical_block_size=%[1]d,physical_block_size=%[1]d on the device, "+
		"libvirt <blockio logical_block_size='%[1]d' physical_block_size='%[1]d'/> in the disk; start it with UEFI, as no BIOS reads such disks", size)
}
