package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The disk types of a VHD.
const (
	vhdFixed        = 2
	vhdDynamic      = 3
	vhdDifferencing = 4
)

// vhdFooter is the footer of a VHD, as Microsoft's Virtual Hard Disk Image
// Format Specification describes it.
type vhdFooter struct {
	// header is where the dynamic header lies, size what the guest sees, both
	// in bytes.
	header, size int64
	// geometry is the size by cylinders, heads and sectors, in bytes.
	geometry int64
	kind     uint32
	id       [16]byte
}

func parseVHDFooter(data []byte) (vhdFooter, error) {
	var f vhdFooter
	if len(data) < sectorSize-1 || string(data[:8]) != vhdCookie {
		return f, errors.New("it has no VHD footer")
	}
	// Early versions of Virtual PC wrote a footer of 511 bytes.
	data = append(slices.Clone(data), 0)[:sectorSize]
	if !vhdChecksumHolds(data, 64) {
		return f, errors.New("the checksum of its footer is wrong")
	}
	size := binary.BigEndian.Uint64(data[48:])
	if size > 1<<62 {
		return f, errors.New("its footer declares an impossible size")
	}
	f.size = int64(size)
	f.geometry = int64(binary.BigEndian.Uint16(data[56:])) * int64(data[58]) * int64(data[59]) * sectorSize
	f.kind = binary.BigEndian.Uint32(data[60:])
	f.id = [16]byte(data[68:84])
	if header := binary.BigEndian.Uint64(data[16:]); f.kind != vhdFixed {
		if header > 1<<62 {
			return f, errors.New("its footer puts the header behind every end")
		}
		f.header = int64(header)
	}
	return f, nil
}

// vhdChecksumHolds tells whether the sum over data, which leaves out the four
// bytes at offset where its complement stands, is right.
func vhdChecksumHolds(data []byte, offset int) bool {
	var sum uint32
	for n, b := range data {
		if n < offset || n >= offset+4 {
			sum += uint32(b)
		}
	}
	return ^sum == binary.BigEndian.Uint32(data[offset:])
}

// vhdHeader is the header of a dynamic or differencing VHD.
type vhdHeader struct {
	// table is where the block table lies, in bytes; it has entries entries.
	table   int64
	entries uint32
	// block is the size of a block's data, in bytes.
	block    uint32
	parentID [16]byte
	// parentNames are the names under which the parent may lie, best first.
	parentNames []string
}

const (
	vhdHeaderSize = 1024
	// The platforms of parent locators: a relative and an absolute Windows path.
	locatorRelative = "W2ru"
	locatorAbsolute = "W2ku"
)

func parseVHDHeader(data []byte, read func(offset, length int64) ([]byte, error)) (vhdHeader, error) {
	var h vhdHeader
	if len(data) < vhdHeaderSize || string(data[:8]) != "cxsparse" {
		return h, errors.New("it has no dynamic header")
	}
	if !vhdChecksumHolds(data, 36) {
		return h, errors.New("the checksum of its dynamic header is wrong")
	}
	table := binary.BigEndian.Uint64(data[16:])
	if table > 1<<62 {
		return h, errors.New("its header puts the block table behind every end")
	}
	h.table = int64(table)
	h.entries, h.block = binary.BigEndian.Uint32(data[28:]), binary.BigEndian.Uint32(data[32:])
	if h.block < sectorSize || h.block&(h.block-1) != 0 || h.block > 1<<28 {
		return h, fmt.Errorf("its header declares blocks of %d bytes", h.block)
	}
	h.parentID = [16]byte(data[40:56])
	locators := map[string]string{}
	for n := range 8 {
		locator := data[576+24*n:]
		length, offset := binary.BigEndian.Uint32(locator[8:]), binary.BigEndian.Uint64(locator[16:])
		if platform := string(locator[:4]); (platform == locatorRelative || platform == locatorAbsolute) && length <= 4096 && offset < 1<<62 {
			name, err := read(int64(offset), int64(length))
			if err != nil {
				return h, err
			}
			locators[platform] = fromUTF16(name, binary.LittleEndian)
		}
	}
	name, _, _ := strings.Cut(fromUTF16(data[64:576], binary.BigEndian), "\x00")
	if relative := locators[locatorRelative]; relative != "" {
		h.parentNames = append(h.parentNames, strings.TrimPrefix(strings.ReplaceAll(relative, `\`, "/"), "./"))
	}
	// The disk was moved together with its parent: only the last part of an
	// absolute path still says something.
	for _, absolute := range []string{locators[locatorAbsolute], name} {
		parts := strings.FieldsFunc(absolute, func(r rune) bool { return r == '\\' || r == '/' })
		if len(parts) > 0 && !slices.Contains(h.parentNames, parts[len(parts)-1]) {
			h.parentNames = append(h.parentNames, parts[len(parts)-1])
		}
	}
	return h, nil
}

func fromUTF16(data []byte, order binary.ByteOrder) string {
	return strings.TrimRight(string(decodeUTF16(data, order)), "\x00")
}
