package parttable

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
)

const (
	gptHeaderSize = 92
	gptMinEntry   = 128     // bytes of an entry
	gptMaxEntry   = 4096    // bytes of an entry
	gptMaxTable   = 1 << 20 // bytes of all entries; a real table has 128 of 128
	gptMaxSector  = 1 << 50 // more than any disk has, and no overflow in bytes
)

// gptHeader is what is read of the header of a primary GPT, after the UEFI
// specification 2.10, chapter 5.3.
type gptHeader struct {
	// sound says that its checksum fits and that it is the first of the two.
	sound bool
	// first is the sector where the entries begin, each their size in bytes.
	first, count, each uint64
}

// readGPTHeader reads the header at the disk's second sector, nil where there
// is none.
func readGPTHeader(disk io.ReaderAt, sector int64) (*gptHeader, error) {
	data, err := readAt(disk, sector, sectorSize)
	if err != nil || len(data) < gptHeaderSize || string(data[:8]) != "EFI PART" {
		return nil, err
	}
	header := &gptHeader{
		first: binary.LittleEndian.Uint64(data[72:]),
		count: uint64(binary.LittleEndian.Uint32(data[80:])),
		each:  uint64(binary.LittleEndian.Uint32(data[84:])),
	}
	size, sum := binary.LittleEndian.Uint32(data[12:]), binary.LittleEndian.Uint32(data[16:])
	if size >= gptHeaderSize && int(size) <= len(data) && binary.LittleEndian.Uint64(data[24:]) == 1 {
		clear(data[16:20])
		header.sound = crc32.ChecksumIEEE(data[:size]) == sum
	}
	return header, nil
}

// plausible says that a disk can have such a table.
func (h *gptHeader) plausible() bool {
	return h.first < gptMaxSector && h.each >= gptMinEntry && h.each <= gptMaxEntry && h.count*h.each <= gptMaxTable
}

// gptEntry is a used entry of a GPT. First and last are its sectors, as they
// are written: nothing was made of them yet.
type gptEntry struct {
	number      int
	kind        string // the type's GUID, upper case
	uuid, label string
	first, last uint64
	bootable    bool
}

// entries reads the used entries of a plausible table. Whole is false where the
// disk ends before the table.
func (h *gptHeader) entries(disk io.ReaderAt, sector int64) (entries []gptEntry, whole bool, err error) {
	data, err := readAt(disk, int64(h.first)*sector, int(h.count*h.each))
	if err != nil {
		return nil, false, err
	}
	whole = uint64(len(data)) == h.count*h.each
	for number := 1; uint64(len(data)) >= h.each; number++ {
		entry := data[:h.each]
		data = data[h.each:]
		kind := formatGUID(entry[0:16])
		if kind == emptyGUID {
			continue
		}
		entries = append(entries, gptEntry{
			number: number, kind: kind,
			uuid:  strings.ToLower(formatGUID(entry[16:32])),
			first: binary.LittleEndian.Uint64(entry[32:]),
			last:  binary.LittleEndian.Uint64(entry[40:]),
			// Bit 2: what a BIOS boots from.
			bootable: entry[48]&(1<<2) != 0,
			label:    decodeUTF16(entry[56:128]),
		})
	}
	return entries, whole, nil
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
