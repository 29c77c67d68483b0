package source

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// openRaw takes a plain disk dump. Its content is the guest's and decides
// nothing, but a disk that begins like an image is a wrongly declared image.
func (r *imageReader) openRaw(s section) (layer, error) {
	found, err := detect(s)
	if err != nil {
		return layer{}, err
	}
	switch found {
	case formatRaw:
	case formatVHD:
		head, err := s.read(0, int64(len(vhdCookie)))
		if err != nil {
			return layer{}, err
		}
		if string(head) == vhdCookie {
			return layer{}, expect(s, TypeRaw, found)
		}
		r.warn(report.ConcernDiskFormat, "if it is a VHD image, set source.type to vhd, which leaves the footer out",
			"%s ends like a fixed VHD image and is read as raw, with that footer as its last sector", s.name)
	default:
		return layer{}, expect(s, TypeRaw, found)
	}
	if s.size%sectorSize != 0 {
		r.warn(report.ConcernDiskEnd, "compare its size with the original's: a copy that was cut off is to be made again",
			"%s is no multiple of %d bytes long; its end is filled with zeroes", s.name, sectorSize)
	}
	if s.size < sectorSize {
		return layer{}, damaged(s.name, fmt.Sprintf("it has %d bytes, less than one sector", s.size))
	}
	if err := r.checkPartitionTable(s); err != nil {
		return layer{}, err
	}
	return layer{image: s.image("raw"), name: s.name, temporary: s.temporary}, nil
}
