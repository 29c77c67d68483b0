package source

import "encoding/binary"

const (
	vhdxRegionTable = 192 << 10
	vhdxMetadata    = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e"
	vhdxParameters  = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b"
	vhdxHasParent   = 1 << 1
	// vhdxTable is the size of both tables, in bytes.
	vhdxTable = 64 << 10
)

// openVHDX examines a VHDX image. QEMU reads no differencing ones, so that it
// never follows a name in it; here they only get a better message.
func (o *opening) openVHDX(s span) (layer, error) {
	found, err := detect(s)
	if err != nil {
		return layer{}, err
	}
	if found != formatVHDX {
		return layer{}, expect(s, TypeVHDX, found)
	}
	differencing, err := vhdxIsDifferencing(s)
	if err != nil {
		return layer{}, err
	}
	if differencing {
		return layer{}, refuse(s.name+" is a differencing VHDX, which QEMU cannot read",
			"merge it into its parent first, with Hyper-V Manager or Merge-VHD")
	}
	if err := o.checkLayer(s, s.image("vhdx")); err != nil {
		return layer{}, err
	}
	return layer{image: s.image("vhdx"), name: s.name, temporary: s.temporary}, nil
}

// vhdxIsDifferencing reads the file parameters as [MS-VHDX] 2.6.2.1 has them.
func vhdxIsDifferencing(s span) (bool, error) {
	lacks := func(what string) error { return damaged(s.name, "it has no "+what) }
	regions, err := s.read(vhdxRegionTable, vhdxTable)
	if err != nil {
		return false, err
	}
	if len(regions) < vhdxTable || string(regions[:4]) != "regi" {
		return false, lacks("region table")
	}
	var metadata []byte
	for n := range min(binary.LittleEndian.Uint32(regions[8:]), 2047) {
		entry := regions[16+32*n:]
		if string(entry[:16]) == vhdxMetadata {
			offset := binary.LittleEndian.Uint64(entry[16:])
			if offset > uint64(s.size) {
				return false, lacks("metadata table")
			}
			if metadata, err = s.read(int64(offset), 1<<20); err != nil {
				return false, err
			}
		}
	}
	if len(metadata) < vhdxTable || string(metadata[:8]) != "metadata" {
		return false, lacks("metadata table")
	}
	for n := range min(binary.LittleEndian.Uint16(metadata[10:]), 2047) {
		entry := metadata[32+32*int(n):]
		if string(entry[:16]) != vhdxParameters {
			continue
		}
		offset := uint64(binary.LittleEndian.Uint32(entry[16:]))
		if offset+8 > uint64(len(metadata)) {
			return false, lacks("file parameters")
		}
		return binary.LittleEndian.Uint32(metadata[offset+4:])&vhdxHasParent != 0, nil
	}
	return false, lacks("file parameters")
}
