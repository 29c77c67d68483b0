package parttable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The kinds of partition table, by their usual names.
const (
	tableDOS = "dos"
	tableGPT = "gpt"
)

// sectorSize is how many bytes nearly all drives show as a sector, and what is
// read of the first one.
const sectorSize = 512

// Read reads a disk's partition table and boot code. Its size and that of its
// sectors are in bytes. The table is read as the kernel does, and a disk without
// one that can be read has no table, which is no error: the boot sector of a file
// system on the whole disk looks like an MBR without entries. It takes a few reads
// of the disk, where libguestfs runs parted and sgdisk for every single property.
// The disk and its partitions get no device names.
func Read(disk io.ReaderAt, size int64, sectors int) (Disk, error) {
	first, err := readFirst(disk)
	if err != nil {
		return Disk{}, err
	}
	read := Disk{Size: size, BootCode: bootCodeOf(first)}
	if read.PartitionTable, read.Partitions, err = readTable(disk, first, int64(sectors)); err != nil {
		return read, err
	}
	read.Loader, err = read.readLoader(disk, first)
	if read.Loader == LoaderGRUB {
		read.Core, _ = ReadGRUBCore(disk) // one that cannot be read says nothing
	}
	return read, err
}

// ReadStart does the same with the beginning of a disk alone, in sectors of 512
// bytes where none are given. Logical partitions behind the end of what can be
// read are left out, and so is a table that lies there.
func ReadStart(start io.ReaderAt, size int64, sectors int) (Disk, error) {
	if sectors == 0 {
		sectors = sectorSize
	}
	first, err := readFirst(start)
	if err != nil {
		return Disk{Size: size}, err
	}
	read := Disk{Size: size, BootCode: bootCodeOf(first)}
	// An error leads out of what there is.
	read.PartitionTable, read.Partitions, _ = readTable(start, first, int64(sectors))
	read.Loader, _ = read.readLoader(start, first)
	return read, nil
}

func readFirst(disk io.ReaderAt) ([]byte, error) {
	first, err := readAt(disk, 0, sectorSize)
	if err == nil && len(first) < sectorSize {
		err = io.ErrUnexpectedEOF
	}
	return first, err
}

// readAt returns length bytes of a disk, or what there is of them.
func readAt(disk io.ReaderAt, offset int64, length int) ([]byte, error) {
	data := make([]byte, length)
	n, err := disk.ReadAt(data, offset)
	if n == length || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return data[:n], err
}

// readTable reads the MBR or GPT of a disk with this first sector.
func readTable(disk io.ReaderAt, first []byte, sector int64) (table string, partitions []Partition, err error) {
	if sector < sectorSize {
		return "", nil, fmt.Errorf("sector size %d is too small", sector)
	}
	primary, ok := parseMBR(first)
	if !ok {
		return "", nil, nil
	}
	signature := binary.LittleEndian.Uint32(first[mbrSignatureOffset:])
	add := func(number int, record mbrRecord) {
		partitions = append(partitions, Partition{
			Number: number, Start: record.start * sector, Size: record.count * sector,
			MBRType: int(record.kind), Bootable: record.status == 0x80,
			UUID: fmt.Sprintf("%08x-%02x", signature, number),
		})
	}
	extended := int64(0)
	for n, record := range primary {
		if record.kind == mbrProtective {
			return readGPT(disk, sector)
		}
		if !record.used() {
			continue
		}
		add(n+1, record)
		if record.isExtended() && extended == 0 {
			extended = record.start
		}
	}
	if len(partitions) == 0 {
		return "", nil, nil
	}
	if extended != 0 {
		// A chain that leads out of what can be read ends there.
		inside, _, _ := logicals(disk, extended, sector)
		for n, record := range inside {
			add(5+n, record)
		}
	}
	return tableDOS, partitions, nil
}

// readGPT reads the primary GPT.
func readGPT(disk io.ReaderAt, sector int64) (table string, partitions []Partition, err error) {
	header, err := readGPTHeader(disk, sector)
	if err != nil || header == nil || !header.plausible() {
		return "", nil, err
	}
	entries, whole, err := header.entries(disk, sector)
	if err == nil && !whole {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", nil, err
	}
	for _, entry := range entries {
		if entry.last < entry.first || entry.last > gptMaxSector {
			continue
		}
		partitions = append(partitions, Partition{
			Number:  entry.number,
			Start:   int64(entry.first) * sector,
			Size:    int64(entry.last-entry.first+1) * sector,
			GPTType: entry.kind, Bootable: entry.bootable,
			UUID: entry.uuid, Label: entry.label,
		})
	}
	return tableGPT, partitions, nil
}
