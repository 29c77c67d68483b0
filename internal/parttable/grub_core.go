package parttable

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// GRUBCore is what the core of a GRUB for BIOS has built in: the directory that it looks
// for its menu and modules in, as "(hd0,gpt2)/boot/grub", and the commands that it runs
// before. Either may be empty.
type GRUBCore struct{ Prefix, Config string }

// ErrNoGRUBCore says that a disk has no core of a GRUB that could be read.
var ErrNoGRUBCore = errors.New("no core of GRUB was found")

// Where GRUB's parts have their numbers: include/grub/i386/pc/boot.h and kernel.h,
// include/grub/offsets.h and kernel.h of GRUB 2.
const (
	coreSectorOffset   = 0x5c  // in boot.img: the first sector of the core
	blockListOffset    = 0x1f4 // in diskboot.img: the last of its lists, the others before it
	blockListLength    = 12
	coreSegment        = 0x820
	decompressedOffset = 0x0c // in the decompressor: how long the rest is, in bytes
	maxCore            = 4 << 20

	moduleMagic  = "mimg"
	objectConfig = 2
	objectPrefix = 3
)

// ReadGRUBCore reads the core that the boot code of a disk leads to.
func ReadGRUBCore(disk io.ReaderAt) (GRUBCore, error) {
	first, err := readFirst(disk)
	if err != nil {
		return GRUBCore{}, err
	}
	if loaderIn(first) != LoaderGRUB {
		return GRUBCore{}, ErrNoGRUBCore
	}
	sector := binary.LittleEndian.Uint64(first[coreSectorOffset:])
	if sector == 0 || sector > 1<<40 {
		return GRUBCore{}, ErrNoGRUBCore
	}
	start, err := readAt(disk, int64(sector)*sectorSize, sectorSize)
	if err != nil || len(start) < sectorSize {
		return GRUBCore{}, errors.Join(ErrNoGRUBCore, err)
	}
	var image []byte
	for at := blockListOffset; at > 0; at -= blockListLength {
		from, count := binary.LittleEndian.Uint64(start[at:]), int(binary.LittleEndian.Uint16(start[at+8:]))
		if count == 0 {
			break
		}
		if at == blockListOffset && binary.LittleEndian.Uint16(start[at+10:]) != coreSegment || from > 1<<40 || len(image)+count*sectorSize > maxCore {
			return GRUBCore{}, ErrNoGRUBCore
		}
		data, err := readAt(disk, int64(from)*sectorSize, count*sectorSize)
		if err != nil {
			return GRUBCore{}, err
		}
		image = append(image, data...)
	}
	return parseCore(image)
}

// parseCore reads a core behind its first sector: a program that unpacks, of a length
// that nothing tells, and what it unpacks.
func parseCore(image []byte) (GRUBCore, error) {
	if len(image) < decompressedOffset+4 {
		return GRUBCore{}, ErrNoGRUBCore
	}
	size := binary.LittleEndian.Uint32(image[decompressedOffset:])
	if size == 0 || size > maxCore {
		return GRUBCore{}, ErrNoGRUBCore
	}
	// lc=3, lp=0, pb=2, a dictionary of 64 KiB.
	header := binary.LittleEndian.AppendUint64([]byte{0x5d, 0, 0, 1, 0}, uint64(size))
	for at := 1 << 10; at < min(len(image)-8, 16<<10); at += 16 { // as it is aligned
		// The packed bytes begin with a zero, and are no row of zeroes.
		if image[at] != 0 || binary.LittleEndian.Uint64(image[at:]) == 0 {
			continue
		}
		reader, err := lzma.NewReader(io.MultiReader(bytes.NewReader(header), bytes.NewReader(image[at:])))
		if err != nil {
			continue
		}
		unpacked := make([]byte, size)
		if _, err := io.ReadFull(reader, unpacked); err != nil {
			continue
		}
		if core, ok := findModules(unpacked); ok {
			return core, nil
		}
	}
	return GRUBCore{}, ErrNoGRUBCore
}

// findModules reads the list of what is built into a core.
func findModules(unpacked []byte) (core GRUBCore, ok bool) {
	for from := 0; ; {
		at := bytes.Index(unpacked[from:], []byte(moduleMagic))
		if at < 0 || from+at+12 > len(unpacked) {
			return core, false
		}
		at += from
		from = at + 1
		offset, size := int(binary.LittleEndian.Uint32(unpacked[at+4:])), int(binary.LittleEndian.Uint32(unpacked[at+8:]))
		if offset < 12 || size > len(unpacked)-at || offset > size {
			continue
		}
		objects := unpacked[at+offset : at+size]
		for len(objects) >= 8 {
			kind, length := binary.LittleEndian.Uint32(objects), int(binary.LittleEndian.Uint32(objects[4:]))
			if length < 8 || length > len(objects) {
				break
			}
			text, _, _ := bytes.Cut(objects[8:length], []byte{0})
			switch kind {
			case objectConfig:
				core.Config, ok = string(text), true
			case objectPrefix:
				core.Prefix, ok = string(text), true
			}
			objects = objects[length:]
		}
		if ok {
			return core, true
		}
	}
}
