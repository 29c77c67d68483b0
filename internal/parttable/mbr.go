package parttable

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	mbrSignatureOffset = 0x1b8 // the disk's identity
	mbrEntriesOffset   = 0x1be
	mbrEntrySize       = 16
	mbrMagicOffset     = 0x1fe

	mbrProtective = 0xee // covers the disk on behalf of a GPT

	maxLogical = 256 // bounds the chain of logical partitions
)

// mbrRecord is an entry of an MBR. Start and count are in sectors, status is
// 0x80 where it is active and else 0.
type mbrRecord struct {
	status, kind byte
	start, count int64
}

// used says that the entry names a partition.
func (r mbrRecord) used() bool { return r.kind != 0 && r.count != 0 }

// isExtended says that the partition holds others.
func (r mbrRecord) isExtended() bool { return r.kind == 0x05 || r.kind == 0x0f || r.kind == 0x85 }

// parseMBR reads the four entries of a disk's first sector. A boot sector of a
// file system ends in the same magic but is no table: it has names, or code
// where the entries would be.
func parseMBR(sector []byte) (records [4]mbrRecord, ok bool) {
	if len(sector) < sectorSize || !hasMagic(sector) || isBootSector(sector) {
		return records, false
	}
	records = parseRecords(sector)
	for _, record := range records {
		if record.status != 0 && record.status != 0x80 {
			return records, false
		}
	}
	return records, true
}

func hasMagic(sector []byte) bool {
	return sector[mbrMagicOffset] == 0x55 && sector[mbrMagicOffset+1] == 0xaa
}

// isBootSector recognises a file system without partitions by its names.
func isBootSector(sector []byte) bool {
	for _, name := range []string{"NTFS    ", "EXFAT   ", "-FVE-FS-"} {
		if bytes.HasPrefix(sector[3:], []byte(name)) {
			return true
		}
	}
	return bytes.HasPrefix(sector[54:], []byte("FAT")) || bytes.HasPrefix(sector[82:], []byte("FAT32"))
}

func parseRecords(sector []byte) (records [4]mbrRecord) {
	for n := range records {
		entry := sector[mbrEntriesOffset+n*mbrEntrySize:]
		records[n] = mbrRecord{
			status: entry[0],
			kind:   entry[4],
			start:  int64(binary.LittleEndian.Uint32(entry[8:])),
			count:  int64(binary.LittleEndian.Uint32(entry[12:])),
		}
	}
	return records
}

// logicals follows the chain of tables in an extended partition, which begins
// at the sector first. Each has one logical partition, whose start is relative
// to its table and is returned as that on the disk, and the next table, relative
// to first. As in the kernel, nothing but its magic makes a sector such a table.
// Beyond is the sector where the chain leads out of the disk, or 0.
func logicals(disk io.ReaderAt, first, sector int64) (records []mbrRecord, beyond int64, err error) {
	for at := first; len(records) < maxLogical; {
		data, err := readAt(disk, at*sector, sectorSize)
		if err != nil {
			return records, 0, err
		}
		if len(data) < sectorSize {
			return records, at, nil
		}
		if !hasMagic(data) {
			return records, 0, nil
		}
		next := int64(0)
		for _, record := range parseRecords(data) {
			switch {
			case !record.used():
			case record.isExtended():
				next = first + record.start
			default:
				record.start += at
				records = append(records, record)
			}
		}
		if next <= at {
			return records, 0, nil
		}
		at = next
	}
	return records, 0, nil
}
