package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// vhdImage is one examined VHD of a chain.
type vhdImage struct {
	section

	footer vhdFooter
	// header and blocks belong to dynamic and differencing images. A block's
	// number is the sector where it begins.
	header vhdHeader
	blocks []uint32
}

// maxBlocks is how many blocks a VHD may have: the largest of 2 TiB in blocks of 128 KiB,
// a fourth of the least that programs write. A sparse file could declare gigabytes of
// them.
const maxBlocks = 1 << 24

// noBlock is the table entry of a block that the image does not hold.
const noBlock = 0xffffffff

// openVHD examines a VHD image and its parents.
func (r *imageReader) openVHD(ctx context.Context, s section) (layer, error) {
	var chain []vhdImage
	var above backingChain
	for {
		var err error
		if above, err = above.extend(s); err != nil {
			return layer{}, err
		}
		image, err := r.readVHD(s)
		if err != nil {
			return layer{}, err
		}
		if len(chain) > 0 && chain[len(chain)-1].header.parentID != image.footer.id {
			return layer{}, refuse(fmt.Sprintf("%s is not the image that %s is based on: their ids differ", s.name, chain[len(chain)-1].name),
				"restore the true parent, or merge the chain first with Hyper-V Manager or Merge-VHD")
		}
		chain = append(chain, image)
		if image.footer.kind != vhdDifferencing {
			break
		}
		if s, err = r.vhdParent(image); err != nil {
			return layer{}, err
		}
	}
	if len(chain) > 1 {
		return r.flattenVHD(ctx, chain)
	}
	only := chain[0]
	return layer{image: only.qemuImage(), name: only.name, temporary: only.temporary, size: only.footer.size / sectorSize * sectorSize}, nil
}

// readVHD reads a VHD's structures and refuses a file that ends before its data.
func (r *imageReader) readVHD(s section) (vhdImage, error) {
	image := vhdImage{section: s}
	found, err := detect(s)
	if err != nil {
		return image, err
	}
	if found != formatVHD {
		return image, expect(s, TypeVHD, found)
	}
	if image.footer, err = readVHDFooter(s); err != nil {
		return image, err
	}
	if err := r.checkSize(s.name, image.footer.size); err != nil {
		return image, err
	}
	switch image.footer.kind {
	case vhdFixed:
		if s.size < image.footer.size+sectorSize-1 {
			return image, damaged(s.name, fmt.Sprintf("it has %d bytes and should have %d", s.size, image.footer.size+sectorSize))
		}
		return image, nil
	case vhdDynamic, vhdDifferencing:
		return image, image.readBlocks()
	default:
		return image, damaged(s.name, fmt.Sprintf("it is of type %d, which nobody knows", image.footer.kind))
	}
}

// readVHDFooter reads the footer at the end, or its copy at the beginning.
func readVHDFooter(s section) (vhdFooter, error) {
	var failures []error
	// QEMU looks at the beginning first.
	for _, offset := range []int64{0, s.size - sectorSize, s.size - sectorSize + 1} {
		data, err := s.read(offset, sectorSize)
		if err != nil {
			return vhdFooter{}, err
		}
		if len(data) < len(vhdCookie) || string(data[:len(vhdCookie)]) != vhdCookie {
			continue
		}
		footer, err := parseVHDFooter(data)
		if err == nil {
			return footer, nil
		}
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return vhdFooter{}, damaged(s.name, "it has no VHD footer")
	}
	return vhdFooter{}, damaged(s.name, errors.Join(failures...).Error())
}

// readBlocks reads the table of blocks and checks that each lies in the file.
func (i *vhdImage) readBlocks() error {
	data, err := i.read(i.footer.header, vhdHeaderSize)
	if err != nil {
		return err
	}
	if i.header, err = parseVHDHeader(data, i.read); err != nil {
		return damaged(i.name, err.Error())
	}
	need := (i.footer.size + int64(i.header.block) - 1) / int64(i.header.block)
	if int64(i.header.entries) < need || int64(i.header.entries)*4 > i.size-i.header.table {
		return damaged(i.name, "its block table is too short")
	}
	if need > maxBlocks {
		return damaged(i.name, fmt.Sprintf("it would have %d blocks of %d bytes, more than any program writes", need, i.header.block))
	}
	table, err := i.read(i.header.table, need*4)
	if err != nil {
		return err
	}
	i.blocks = make([]uint32, need)
	for n := range i.blocks {
		i.blocks[n] = binary.BigEndian.Uint32(table[4*n:])
		if i.blocks[n] != noBlock && int64(i.blocks[n])*sectorSize+i.bitmapSize()+int64(i.header.block) > i.size {
			return damaged(i.name, "its block table points behind its end")
		}
	}
	return nil
}

// bitmapSize is the size of the bitmap before each block, in bytes.
func (i *vhdImage) bitmapSize() int64 {
	bits := int64(i.header.block) / sectorSize
	return (bits/8 + sectorSize - 1) / sectorSize * sectorSize
}

// vhdParent opens the image that a differencing one is based on.
func (r *imageReader) vhdParent(image vhdImage) (section, error) {
	for _, name := range image.header.parentNames {
		parent, err := r.files.neighbour(image.section, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return parent, err
		}
	}
	if len(image.header.parentNames) == 0 {
		return section{}, refuse(image.name+" is a differencing image and does not name its parent",
			"merge it into its parent first, with Hyper-V Manager or Merge-VHD")
	}
	return section{}, missing(image.name, filepath.Dir(image.path), printable(image.header.parentNames[0]))
}

// qemuImage lets QEMU see the whole size that the footer declares. By itself it measures
// images of some creators by cylinders, heads and sectors, which is less where these do
// not divide the size; of which ones, differs by its version (Azure's until 9.2).
func (i *vhdImage) qemuImage() qemuimg.Image {
	image := i.image("vpc")
	if i.footer.geometry != i.footer.size {
		image.Options = map[string]string{"force_size_calc": "current_size"}
	}
	return image
}
