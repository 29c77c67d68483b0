package source

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// content is what begins somewhere on a disk.
type content struct {
	// kind completes "... reaches to byte N"; empty where it is not known.
	kind string
	// end is the byte behind its last one, from the disk's beginning; where
	// there is nothing, it is where that begins.
	end uint64
}

// contentHead is how much of a partition is looked at, in bytes: btrfs has its
// superblock at 64 KiB.
const contentHead = 128 << 10

// measure tells from the first bytes of a partition how long the file system
// or volume is that begins there, in bytes; 0 where it is of another kind.
type measure struct {
	kind string
	of   func(head []byte) uint64
}

// measures know what Linux puts on partitions.
var measures = []measure{
	{"the ext file system", func(head []byte) uint64 {
		const super = 1024
		if !has(head, super+56, "\x53\xef") {
			return 0
		}
		blocks := uint64(little32(head, super+4))
		if little32(head, super+96)&0x80 != 0 { // 64bit
			blocks |= uint64(little32(head, super+0x150)) << 32
		}
		return times(blocks, 1024<<min(little32(head, super+24), 16))
	}},
	{"the xfs file system", func(head []byte) uint64 {
		if !has(head, 0, "XFSB") {
			return 0
		}
		return times(binary.BigEndian.Uint64(head[8:]), uint64(binary.BigEndian.Uint32(head[4:])))
	}},
	{"the btrfs file system", func(head []byte) uint64 {
		const super = 64 << 10
		if !has(head, super+64, "_BHRfS_M") {
			return 0
		}
		return binary.LittleEndian.Uint64(head[super+0xd1:]) // of this device alone
	}},
	{"the squashfs file system", func(head []byte) uint64 {
		if !has(head, 0, "hsqs") {
			return 0
		}
		return binary.LittleEndian.Uint64(head[40:])
	}},
	{"the f2fs file system", func(head []byte) uint64 {
		const super = 1024
		if !has(head, super, "\x10\x20\xf5\xf2") {
			return 0
		}
		return times(binary.LittleEndian.Uint64(head[super+36:]), 1<<min(little32(head, super+16), 16))
	}},
	{"the erofs file system", func(head []byte) uint64 {
		const super = 1024
		if !has(head, super, "\xe2\xe1\xf5\xe0") {
			return 0
		}
		return times(uint64(little32(head, super+36)), 1<<min(head[super+12], 16))
	}},
	{"the swap area", func(head []byte) uint64 {
		if !has(head, 4086, "SWAPSPACE2") {
			return 0
		}
		return times(uint64(little32(head, 1028))+1, 4096)
	}},
	{"the LVM volume", func(head []byte) uint64 {
		for label := 0; label < 4*sectorSize; label += sectorSize {
			if has(head, label, "LABELONE") {
				header := label + int(min(little32(head, label+20), sectorSize))
				return binary.LittleEndian.Uint64(head[header+32:])
			}
		}
		return 0
	}},
	{"the NTFS file system", func(head []byte) uint64 {
		if !has(head, 3, "NTFS    ") {
			return 0
		}
		return times(binary.LittleEndian.Uint64(head[40:]), uint64(binary.LittleEndian.Uint16(head[11:])))
	}},
	{"the FAT file system", func(head []byte) uint64 {
		if !has(head, 54, "FAT") && !has(head, 82, "FAT32") {
			return 0
		}
		count := uint64(binary.LittleEndian.Uint16(head[19:]))
		if count == 0 {
			count = uint64(little32(head, 32))
		}
		return times(count, uint64(binary.LittleEndian.Uint16(head[11:])))
	}},
}

func has(data []byte, at int, text string) bool { return bytes.HasPrefix(data[at:], []byte(text)) }

func little32(data []byte, at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }

// times multiplies and stays at the largest number.
func times(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high != 0 {
		return 1<<64 - 1
	}
	return low
}

// contentAt looks at what begins at a byte of a disk. A stretch of zeroes
// holds nothing.
func contentAt(s section, start int64) (content, error) {
	head, err := s.read(start, contentHead)
	if err != nil {
		return content{}, err
	}
	if len(bytes.Trim(head, "\x00")) == 0 {
		return content{"nothing", uint64(start)}, nil
	}
	head = append(head, make([]byte, contentHead-len(head))...)
	for _, m := range measures {
		if length := m.of(head); length > 0 {
			end, carry := bits.Add64(uint64(start), length, 0)
			if carry != 0 {
				end = 1<<64 - 1
			}
			return content{m.kind, end}, nil
		}
	}
	return content{}, nil
}
