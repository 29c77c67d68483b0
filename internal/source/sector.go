package source

import (
	"bytes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// SectorSize tells from the beginning of a disk, as the guest sees it, how many
// bytes its sectors have: 512, or 4096 where its partition table counts in
// those. Disks that were copied from such drives keep their tables, and nobody
// finds a partition through sectors of another size.
func SectorSize(start []byte) int {
	s := section{ReaderAt: bytes.NewReader(start), name: "the disk", size: int64(len(start)), whole: true}
	sector, err := s.read(0, sectorSize)
	if err != nil {
		return sectorSize
	}
	table, protective := parttable.MBRExtents(sector)
	if protective {
		if _, sound, err := parttable.GPTExtents(s.reader(), sectorSize); err != nil || sound {
			return sectorSize
		}
		if _, sound, err := parttable.GPTExtents(s.reader(), largeSector); err == nil && sound {
			return largeSector
		}
		return sectorSize
	}
	// An MBR lies at the beginning either way: what its entries point to tells.
	for _, p := range table {
		if begins(s, p.Start) {
			return sectorSize
		}
	}
	for _, p := range table {
		if begins(s, p.Start/sectorSize*largeSector) {
			return largeSector
		}
	}
	return sectorSize
}

// begins says that something known begins at a byte of a disk.
func begins(s section, at int64) bool {
	if at >= s.size {
		return false
	}
	found, err := contentAt(s, at)
	return err == nil && found.kind != "" && found.end > uint64(at)
}
