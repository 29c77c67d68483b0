package guest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// The kinds of partition table, by their usual names.
const (
	tableDOS = "dos"
	tableGPT = "gpt"
)

// tableEntry is a partition with the stable names that its table gives it.
type tableEntry struct {
	Partition // without Device

	PartUUID  string // as udev and the kernel write it
	PartLabel string
}

const (
	mbrSignatureOffset = 0x1b8 // the disk's identity
	mbrEntriesOffset   = 0x1be
	mbrEntrySize       = 16
	mbrMagicOffset     = 0x1fe

	mbrProtective = 0xee // the disk has a GPT

	gptMaxEntries = 1024 // a real table has 128
	maxLogical    = 256  // bounds the chain of logical partitions
)

// readPartitionTable reads the MBR or GPT of a disk, after the UEFI
// specification 2.10, chapter 5. A disk without one that can be read has
// no table, which is no error: the boot sector of a file system on the whole
// disk looks like an MBR without entries. Reading it here takes a few reads of
// the disk; libguestfs runs parted and sgdisk for every single property.
func readPartitionTable(disk io.ReaderAt, sectorSize int64) (table string, entries []tableEntry, err error) {
	if sectorSize < 512 {
		return "", nil, fmt.Errorf("sector size %d is too small", sectorSize)
	}
	sector := make([]byte, 512)
	if _, err := disk.ReadAt(sector, 0); err != nil {
		return "", nil, err
	}
	primary, ok := parseMBR(sector)
	if !ok {
		return "", nil, nil
	}
	empty := true
	for _, record := range primary {
		if record.kind == mbrProtective {
			return readGPT(disk, sectorSize)
		}
		empty = empty && (record.kind == 0 || record.count == 0)
	}
	if empty {
		return "", nil, nil
	}

	signature := binary.LittleEndian.Uint32(sector[mbrSignatureOffset:])
	add := func(number int, start int64, record mbrRecord) {
		entries = append(entries, tableEntry{
			Partition: Partition{
				Number: number, Start: start * sectorSize, Size: record.count * sectorSize,
				MBRType: int(record.kind), Bootable: record.active,
			},
			PartUUID: fmt.Sprintf("%08x-%02x", signature, number),
		})
	}
	extended := int64(0)
	for i, record := range primary {
		if record.kind == 0 || record.count == 0 {
			continue
		}
		add(i+1, record.start, record)
		if record.isExtended() && extended == 0 {
			extended = record.start
		}
	}
	// A chain of tables, each with one logical partition, whose start is
	// relative to its table, and the next table, relative to the first.
	for at, number := extended, 5; at != 0 && number < 5+maxLogical; {
		if _, err := disk.ReadAt(sector, at*sectorSize); err != nil {
			return tableDOS, entries, nil //nolint:nilerr // a chain that leads out of the disk ends there
		}
		link, ok := parseMBR(sector)
		if !ok {
			break
		}
		next := int64(0)
		for _, record := range link {
			switch {
			case record.kind == 0 || record.count == 0:
			case record.isExtended():
				next = extended + record.start
			default:
				add(number, at+record.start, record)
				number++
			}
		}
		if next <= at {
			break
		}
		at = next
	}
	return tableDOS, entries, nil
}

// mbrRecord is an entry of an MBR, in sectors.
type mbrRecord struct {
	active       bool
	kind         byte
	start, count int64
}

func (r mbrRecord) isExtended() bool { return r.kind == 0x05 || r.kind == 0x0f || r.kind == 0x85 }

// parseMBR reads the four entries of a boot sector. A boot sector of a file
// system ends in the same magic but is no table.
func parseMBR(sector []byte) (records [4]mbrRecord, ok bool) {
	if sector[mbrMagicOffset] != 0x55 || sector[mbrMagicOffset+1] != 0xaa {
		return records, false
	}
	for _, name := range []string{"NTFS    ", "EXFAT   "} {
		if bytes.HasPrefix(sector[3:], []byte(name)) {
			return records, false
		}
	}
	if bytes.HasPrefix(sector[54:], []byte("FAT")) || bytes.HasPrefix(sector[82:], []byte("FAT32")) {
		return records, false
	}
	for i := range records {
		entry := sector[mbrEntriesOffset+i*mbrEntrySize:]
		if entry[0]&0x7f != 0 {
			return records, false
		}
		records[i] = mbrRecord{
			active: entry[0] == 0x80,
			kind:   entry[4],
			start:  int64(binary.LittleEndian.Uint32(entry[8:])),
			count:  int64(binary.LittleEndian.Uint32(entry[12:])),
		}
	}
	return records, true
}

// readGPT reads the primary GPT.
func readGPT(disk io.ReaderAt, sectorSize int64) (table string, entries []tableEntry, err error) {
	header := make([]byte, 92)
	if _, err := disk.ReadAt(header, sectorSize); err != nil {
		return "", nil, err
	}
	start := binary.LittleEndian.Uint64(header[72:])
	count := int64(binary.LittleEndian.Uint32(header[80:]))
	size := int64(binary.LittleEndian.Uint32(header[84:]))
	if string(header[:8]) != "EFI PART" || count > gptMaxEntries || size < 128 || size > 4096 || start > 1<<40 {
		return "", nil, nil
	}
	array := make([]byte, count*size)
	if _, err := disk.ReadAt(array, int64(start)*sectorSize); err != nil {
		return "", nil, err
	}
	for i := range count {
		entry := array[i*size : (i+1)*size]
		kind := formatGUID(entry[0:16])
		first, last := binary.LittleEndian.Uint64(entry[32:]), binary.LittleEndian.Uint64(entry[40:])
		if kind == emptyGUID || last < first || last > 1<<52 {
			continue
		}
		entries = append(entries, tableEntry{
			Partition: Partition{
				Number:  int(i) + 1,
				Start:   int64(first) * sectorSize,
				Size:    int64(last-first+1) * sectorSize,
				GPTType: kind,
				// Bit 2: what a BIOS boots from.
				Bootable: entry[48]&(1<<2) != 0,
			},
			PartUUID:  strings.ToLower(formatGUID(entry[16:32])),
			PartLabel: decodeUTF16(entry[56:128]),
		})
	}
	return tableGPT, entries, nil
}

const emptyGUID = "00000000-0000-0000-0000-000000000000"

// formatGUID writes a GUID in upper case. Its first three fields are little
// endian on the disk.
func formatGUID(b []byte) string {
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X",
		binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
}

// decodeUTF16 reads a string of little-endian UTF-16 up to its NUL.
func decodeUTF16(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		unit := binary.LittleEndian.Uint16(b)
		if unit == 0 {
			break
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}
