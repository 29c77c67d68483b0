package source

import (
	"context"
	"encoding/binary"
	"fmt"
)

const (
	vhdxRegionTable = 192 << 10
	vhdxMetadata    = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e"
	vhdxParameters  = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b"
	vhdxHasParent   = 1 << 1
	// vhdxLogicalSector is how many bytes a sector has for the guest.
	vhdxLogicalSector = "\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f"
	// vhdxTable is the size of both tables, in bytes.
	vhdxTable = 64 << 10
)

// openVHDX examines a VHDX image. QEMU reads no differencing ones, so that it
// never follows a name in it; here they only get a better message.
func (r *imageReader) openVHDX(ctx context.Context, s section) (layer, error) {
	found, err := detect(s)
	if err != nil {
		return layer{}, err
	}
	if found != formatVHDX {
		return layer{}, expect(s, TypeVHDX, found)
	}
	flags, err := vhdxItem(s, vhdxParameters, 4)
	if err != nil {
		return layer{}, err
	}
	if flags&vhdxHasParent != 0 {
		return layer{}, refuse(s.name+" is a differencing VHDX, which QEMU cannot read",
			"merge it into its parent first, with Hyper-V Manager or Merge-VHD")
	}
	sector, err := vhdxItem(s, vhdxLogicalSector, 0)
	if err != nil {
		return layer{}, err
	}
	if sector != sectorSize {
		return layer{}, refuse(fmt.Sprintf("%s has logical sectors of %d bytes, which QEMU cannot read in a VHDX", s.name, sector),
			fmt.Sprintf("mount it read-only on Windows (Mount-VHD) and copy the whole disk into a raw file, or copy the disk from inside the guest, "+
				"and give that as source.type raw; the new machine needs logical_block_size=%d on its disk", sector))
	}
	if err := r.checkLayer(ctx, s, s.image("vhdx")); err != nil {
		return layer{}, err
	}
	return layer{image: s.image("vhdx"), name: s.name, temporary: s.temporary}, nil
}

// vhdxItem reads 32 bits at an offset of an item of the metadata, as [MS-VHDX]
// 2.6 has them.
func vhdxItem(s section, id string, at uint64) (uint32, error) {
	lacks := func(what string) error { return damaged(s.name, "it has no "+what) }
	regions, err := s.read(vhdxRegionTable, vhdxTable)
	if err != nil {
		return 0, err
	}
	if len(regions) < vhdxTable || string(regions[:4]) != "regi" {
		return 0, lacks("region table")
	}
	var metadata []byte
	for n := range min(binary.LittleEndian.Uint32(regions[8:]), 2047) {
		entry := regions[16+32*n:]
		if string(entry[:16]) == vhdxMetadata {
			offset := binary.LittleEndian.Uint64(entry[16:])
			if offset > uint64(s.size) {
				return 0, lacks("metadata table")
			}
			if metadata, err = s.read(int64(offset), 1<<20); err != nil {
				return 0, err
			}
		}
	}
	if len(metadata) < vhdxTable || string(metadata[:8]) != "metadata" {
		return 0, lacks("metadata table")
	}
	for n := range min(binary.LittleEndian.Uint16(metadata[10:]), 2047) {
		entry := metadata[32+32*int(n):]
		if string(entry[:16]) != id {
			continue
		}
		offset := uint64(binary.LittleEndian.Uint32(entry[16:])) + at
		if offset+4 > uint64(len(metadata)) {
			return 0, lacks("complete metadata")
		}
		return binary.LittleEndian.Uint32(metadata[offset:]), nil
	}
	return 0, lacks("complete metadata")
}
