package source

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
)

const (
	mbrEntries     = 446
	mbrEntrySize   = 16
	mbrProtective  = 0xee // covers the disk on behalf of a GPT
	gptHeaderSize  = 92
	gptMaxEntries  = 1 << 20 // bytes of entries that are looked at
	gptMinimumSize = 128     // bytes of an entry
	// maxLogical bounds the chain of logical partitions.
	maxLogical = 256
)

// mbrExtended are the types of partitions that hold others.
var mbrExtended = []byte{0x05, 0x0f, 0x85}

// stretch is a partition, in bytes from the disk's beginning to behind its
// last one.
type stretch struct {
	start, end uint64
	// container says that it only holds other partitions.
	container bool
}

// checkPartitionTable refuses a raw disk that was cut off: only its partition
// table tells how long it was. Some disks have had a longer table from the
// beginning, and kernels shorten their last partition. What lies in it decides.
func (o *opening) checkPartitionTable(s span) error {
	table, err := partitions(s)
	if err != nil {
		return err
	}
	// The last sector may be filled up with zeroes.
	length := uint64(sectors(s.size)) * sectorSize
	end := uint64(0)
	for _, p := range table {
		end = max(end, p.end)
	}
	if end <= length {
		return nil
	}
	for _, p := range table {
		if p.start >= length {
			return cutOff(s, fmt.Sprintf("a partition begins at byte %d", p.start))
		}
		if p.end <= length || p.container {
			continue
		}
		content, err := contentAt(s, int64(p.start))
		switch {
		case err != nil:
			return err
		case content.kind == "":
			return refuse(fmt.Sprintf("the partition table of %s reaches to byte %d, and it has %d: it seems to be cut off", s.name, end, s.size),
				fmt.Sprintf("compare its size with the original's and copy it again; if the disk was never longer, "+
					"make a copy of it as long as the table says: truncate -s %d COPY", end))
		case content.end > length:
			return cutOff(s, fmt.Sprintf("%s in its partition table reaches to byte %d", content.kind, content.end))
		}
	}
	o.warn("the partition table of %s reaches to byte %d, and it has %d; no file system in it is longer than that, so it is taken as it is. "+
		"If the original is longer, copy it again", s.name, end, s.size)
	return nil
}

// cutOff is the refusal of a disk whose end is missing.
func cutOff(s span, what string) error {
	return refuse(fmt.Sprintf("%s is damaged or incomplete: %s, and it has %d; it was cut off", s.name, what, s.size),
		"compare its size with the original's, and copy or export it again from where it came from")
}

// partitions lists what the MBR or GPT names, or nothing where there is no
// table that can be trusted to be one.
func partitions(s span) ([]stretch, error) {
	sector, err := s.read(0, sectorSize)
	if err != nil {
		return nil, err
	}
	table, protective := mbrPartitions(sector)
	if !protective {
		for _, p := range slices.Clone(table) {
			if p.container {
				logical, err := logicalPartitions(s, p.start)
				if err != nil {
					return nil, err
				}
				table = append(table, logical...)
			}
		}
		return table, nil
	}
	// A GPT lies at the second sector, whatever the disk's sectors measure.
	for _, size := range []uint64{sectorSize, largeSector} {
		gpt, sound, err := gptPartitions(s, size)
		if err != nil {
			return nil, err
		}
		if sound {
			return append(table, gpt...), nil
		}
	}
	return table, nil
}

// mbrPartitions reads the primary entries. The boot sector of a file system has
// code where they would be, so all of them have to be plausible. MBRs of disks
// with larger sectors give smaller numbers and pass.
func mbrPartitions(sector []byte) (table []stretch, protective bool) {
	if len(sector) < sectorSize || sector[510] != 0x55 || sector[511] != 0xaa || isBootSector(sector) {
		return nil, false
	}
	for n := range 4 {
		entry := sector[mbrEntries+n*mbrEntrySize:][:mbrEntrySize]
		status, kind := entry[0], entry[4]
		start, size := mbrNumbers(entry)
		switch {
		case status != 0 && status != 0x80:
			return nil, false
		case kind == 0 && start == 0 && size == 0:
			continue
		case kind == 0 || start == 0 || size == 0:
			return nil, false // no program that partitions disks writes that
		case kind == mbrProtective:
			protective = true
			continue // often larger than the disk
		}
		p := stretch{start * sectorSize, (start + size) * sectorSize, slices.Contains(mbrExtended, kind)}
		for _, other := range table {
			if p.start < other.end && other.start < p.end {
				return nil, false
			}
		}
		table = append(table, p)
	}
	return table, protective
}

// mbrNumbers are an entry's start and size in sectors.
func mbrNumbers(entry []byte) (start, size uint64) {
	return uint64(binary.LittleEndian.Uint32(entry[8:])), uint64(binary.LittleEndian.Uint32(entry[12:]))
}

// logicalPartitions follows the chain of tables in an extended partition, each
// with one partition and the place of the next table.
func logicalPartitions(s span, first uint64) (table []stretch, err error) {
	for at := first; len(table) < maxLogical; {
		sector, err := s.read(int64(at), sectorSize)
		if err != nil {
			return nil, err
		}
		if at >= uint64(s.size) && at != first {
			return append(table, stretch{start: at, end: at + sectorSize}), nil
		}
		if len(sector) < sectorSize || sector[510] != 0x55 || sector[511] != 0xaa {
			return table, nil
		}
		next := uint64(0)
		for n := range 4 {
			entry := sector[mbrEntries+n*mbrEntrySize:][:mbrEntrySize]
			start, size := mbrNumbers(entry)
			switch kind := entry[4]; {
			case kind == 0 || size == 0:
			case slices.Contains(mbrExtended, kind):
				next = first + start*sectorSize
			default:
				table = append(table, stretch{start: at + start*sectorSize, end: at + (start+size)*sectorSize})
			}
		}
		if next <= at {
			return table, nil
		}
		at = next
	}
	return table, nil
}

// isBootSector recognises a file system without partitions by its names.
func isBootSector(sector []byte) bool {
	for offset, names := range map[int][]string{
		3: {"NTFS    ", "EXFAT   ", "-FVE-FS-"}, 54: {"FAT"}, 82: {"FAT32"},
	} {
		for _, name := range names {
			if bytes.HasPrefix(sector[offset:], []byte(name)) {
				return true
			}
		}
	}
	return false
}

// gptPartitions reads the primary GPT of a disk with sectors of that many
// bytes. It is sound if its checksum fits. The second header, and room that no
// partition has, are no loss: disks that were made smaller on purpose lack
// them, and boot.
func gptPartitions(s span, sector uint64) (table []stretch, sound bool, err error) {
	header, err := s.read(int64(sector), sectorSize)
	if err != nil || len(header) < gptHeaderSize || string(header[:8]) != "EFI PART" {
		return nil, false, err
	}
	size := binary.LittleEndian.Uint32(header[12:])
	if size < gptHeaderSize || int64(size) > int64(len(header)) {
		return nil, false, nil
	}
	summed := bytes.Clone(header[:size])
	clear(summed[16:20])
	if crc32.ChecksumIEEE(summed) != binary.LittleEndian.Uint32(header[16:]) || binary.LittleEndian.Uint64(header[24:]) != 1 {
		return nil, false, nil
	}
	const most = 1 << 50 // sectors: more than any disk has, and no overflow
	first := binary.LittleEndian.Uint64(header[72:])
	count, each := uint64(binary.LittleEndian.Uint32(header[80:])), uint64(binary.LittleEndian.Uint32(header[84:]))
	if first >= most || each < gptMinimumSize || each > sectorSize*8 || count*each > gptMaxEntries {
		return nil, true, nil
	}
	entries, err := s.read(int64(first*sector), int64(count*each))
	if err != nil {
		return nil, false, err
	}
	for ; uint64(len(entries)) >= each; entries = entries[each:] {
		if bytes.Equal(entries[:16], make([]byte, 16)) {
			continue
		}
		from, to := binary.LittleEndian.Uint64(entries[32:]), binary.LittleEndian.Uint64(entries[40:])
		table = append(table, stretch{start: min(from, most) * sector, end: (min(to, most) + 1) * sector})
	}
	return table, true, nil
}
