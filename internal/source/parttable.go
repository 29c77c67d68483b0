package source

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	mbrEntries     = 446
	mbrEntrySize   = 16
	mbrProtective  = 0xee // covers the disk on behalf of a GPT
	gptHeaderSize  = 92
	gptMaxEntries  = 1 << 20 // bytes of entries that are looked at
	gptMinimumSize = 128     // bytes of an entry
)

// checkPartitionTable refuses a raw disk whose partition table names sectors
// behind its end: nothing else in a raw file tells that it was cut off.
func checkPartitionTable(s span) error {
	end, err := partitionedEnd(s)
	if err != nil {
		return err
	}
	// The last sector may be filled up with zeroes.
	if end <= uint64(sectors(s.size))*sectorSize {
		return nil
	}
	return damaged(s.name, fmt.Sprintf("its partition table reaches to byte %d, and it has %d; it was cut off", end, s.size))
}

// partitionedEnd is the byte behind the last one that the MBR or GPT names, or
// 0 where there is no table that can be trusted to be one. Entries of logical
// partitions are not followed: they lie within their extended one.
func partitionedEnd(s span) (uint64, error) {
	sector, err := s.read(0, sectorSize)
	if err != nil {
		return 0, err
	}
	end, protective := mbrEnd(sector)
	if !protective {
		return end, nil
	}
	// A GPT lies at the second sector, whatever the disk's sectors measure.
	for _, size := range []uint64{sectorSize, 4096} {
		gpt, sound, err := gptEnd(s, size)
		if err != nil {
			return 0, err
		}
		if sound {
			return max(end, gpt), nil
		}
	}
	return end, nil
}

// mbrEnd reads the primary entries. The boot sector of a file system has code
// where they would be, so all of them have to be plausible. MBRs of disks with
// larger sectors give smaller numbers and pass.
func mbrEnd(sector []byte) (end uint64, protective bool) {
	if len(sector) < sectorSize || sector[510] != 0x55 || sector[511] != 0xaa || isBootSector(sector) {
		return 0, false
	}
	type stretch struct{ start, end uint64 }
	var used []stretch
	for n := range 4 {
		entry := sector[mbrEntries+n*mbrEntrySize:][:mbrEntrySize]
		status, kind := entry[0], entry[4]
		start := uint64(binary.LittleEndian.Uint32(entry[8:]))
		size := uint64(binary.LittleEndian.Uint32(entry[12:]))
		switch {
		case status != 0 && status != 0x80:
			return 0, false
		case kind == 0 && start == 0 && size == 0:
			continue
		case kind == 0 || start == 0 || size == 0:
			return 0, false // no program that partitions disks writes that
		case kind == mbrProtective:
			protective = true
			continue // often larger than the disk
		}
		for _, other := range used {
			if start < other.end && other.start < start+size {
				return 0, false
			}
		}
		used = append(used, stretch{start, start + size})
		end = max(end, (start+size)*sectorSize)
	}
	return end, protective
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

// gptEnd reads the primary GPT of a disk with sectors of that many bytes. It is
// sound if its checksum fits.
func gptEnd(s span, sector uint64) (end uint64, sound bool, err error) {
	header, err := s.read(int64(sector), sectorSize)
	if err != nil || len(header) < gptHeaderSize || string(header[:8]) != "EFI PART" {
		return 0, false, err
	}
	size := binary.LittleEndian.Uint32(header[12:])
	if size < gptHeaderSize || int64(size) > int64(len(header)) {
		return 0, false, nil
	}
	summed := bytes.Clone(header[:size])
	clear(summed[16:20])
	if crc32.ChecksumIEEE(summed) != binary.LittleEndian.Uint32(header[16:]) || binary.LittleEndian.Uint64(header[24:]) != 1 {
		return 0, false, nil
	}
	const most = 1 << 50 // sectors: more than any disk has, and no overflow
	// The second header, and room that no partition has, are no loss: disks that
	// were made smaller on purpose lack them, and boot.
	last := uint64(0)
	first := binary.LittleEndian.Uint64(header[72:])
	count, each := uint64(binary.LittleEndian.Uint32(header[80:])), uint64(binary.LittleEndian.Uint32(header[84:]))
	if first < most && each >= gptMinimumSize && each <= sectorSize*8 && count*each <= gptMaxEntries {
		entries, err := s.read(int64(first*sector), int64(count*each))
		if err != nil {
			return 0, false, err
		}
		for ; uint64(len(entries)) >= each; entries = entries[each:] {
			if !bytes.Equal(entries[:16], make([]byte, 16)) {
				last = max(last, binary.LittleEndian.Uint64(entries[40:]))
			}
		}
	}
	return (min(last, most) + 1) * sector, true, nil
}
