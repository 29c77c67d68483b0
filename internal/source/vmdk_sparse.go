package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// vmdkSparse is the header of a hosted sparse extent. Sizes and offsets are in
// sectors.
type vmdkSparse struct {
	Magic              [4]byte
	Version            uint32
	Flags              uint32
	Capacity           uint64
	GrainSize          uint64
	DescriptorOffset   uint64
	DescriptorSize     uint64
	EntriesPerTable    uint32
	RedundantDirectory uint64
	Directory          uint64
	Overhead           uint64
	Unclean            uint8
	LineEnds           [4]byte
	CompressAlgorithm  uint16
}

const (
	// directoryAtEnd says that the true header follows at the end of the file.
	directoryAtEnd = math.MaxUint64
	// flagCompressed says that grains are compressed, each behind a marker.
	flagCompressed = 1 << 16
	// deflated is the only algorithm of that.
	deflated = 1
	// flagZeroGrains says that the entry zeroGrain stands for a grain of zeroes.
	flagZeroGrains = 1 << 2
	zeroGrain      = 1
	// grainMarker is the size of the marker before a compressed grain: its
	// sector as 64 bits and its compressed size as 32 bits.
	grainMarker = 12
)

// readSparseHeader reads and checks the header at the beginning of s, or the
// one at its end where the first says so.
func readSparseHeader(s section) (vmdkSparse, error) {
	header, complete, err := sparseHeaderAt(s, 0)
	if err != nil {
		return header, err
	}
	if !complete {
		return header, damaged(s.name, "it has no complete VMDK header")
	}
	// QEMU takes an image without capacity for a mere list of other files.
	if header.Capacity == 0 {
		return header, damaged(s.name, "its header declares no capacity")
	}
	if header.Directory == directoryAtEnd {
		descriptor := [2]uint64{header.DescriptorOffset, header.DescriptorSize}
		header, complete, err = sparseHeaderAt(s, s.size-2*sectorSize)
		if err != nil {
			return header, err
		}
		if !complete || header.Directory == directoryAtEnd {
			return header, damaged(s.name, "the footer at its end is missing, so its end is missing")
		}
		header.DescriptorOffset, header.DescriptorSize = descriptor[0], descriptor[1]
	}
	switch grain := header.GrainSize; {
	case header.Capacity == 0 || header.Capacity > math.MaxInt64/sectorSize:
		return header, damaged(s.name, "its header declares an impossible capacity")
	case grain < 8 || grain > 1<<14 || grain&(grain-1) != 0:
		return header, damaged(s.name, fmt.Sprintf("its header declares grains of %d sectors", grain))
	case header.EntriesPerTable != 512:
		return header, damaged(s.name, fmt.Sprintf("its header declares tables of %d entries", header.EntriesPerTable))
	case header.Flags&flagCompressed != 0 && header.CompressAlgorithm != deflated:
		// QEMU goes by the algorithm, and would take what is compressed for data.
		return header, damaged(s.name, fmt.Sprintf("its header says that it is compressed, by the algorithm %d, which nobody knows", header.CompressAlgorithm))
	}
	return header, nil
}

// warnOpen tells of an image that nobody closed: the mark stands in it while a machine runs.
func (r *imageReader) warnOpen(s section, header vmdkSparse) {
	if header.Unclean != 0 {
		r.warn(report.ConcernOpenDisk, "shut the machine down, and take the file again if it was copied while the machine ran; a journalled file system of the guest repairs itself otherwise",
			"%s was not closed: a machine had it open when it was copied, or has it still", s.name)
	}
}

// sparseHeaderAt reads a header; complete is false where there is none.
func sparseHeaderAt(s section, offset int64) (header vmdkSparse, complete bool, err error) {
	data, err := s.read(offset, sectorSize)
	if err != nil || len(data) < sectorSize || string(data[:4]) != "KDMV" {
		return header, false, err
	}
	err = binary.Read(bytes.NewReader(data), binary.LittleEndian, &header)
	return header, true, err
}

// descriptor reads the descriptor inside a sparse image. Extents of a split
// disk have none: found is false.
func (h vmdkSparse) descriptor(s section) (d vmdkDescriptor, found bool, err error) {
	// Wherever the header puts the descriptor, QEMU looks for the parent in the
	// second sector.
	if h.DescriptorOffset != 1 {
		second, err := s.read(sectorSize, 20*sectorSize)
		if err != nil {
			return d, false, err
		}
		text, _, _ := bytes.Cut(second, []byte{0})
		if bytes.Contains(text, []byte("parentFileNameHint")) {
			return d, false, damaged(s.name, "it has a second descriptor")
		}
	}
	if h.DescriptorOffset == 0 || h.DescriptorSize == 0 {
		return d, false, nil
	}
	size := h.DescriptorSize * sectorSize
	if h.DescriptorOffset > uint64(s.size)/sectorSize || h.DescriptorSize > maxDescriptor/sectorSize {
		return d, false, damaged(s.name, "its header puts the descriptor where none can be")
	}
	text, err := s.read(int64(h.DescriptorOffset*sectorSize), int64(size))
	if err != nil {
		return d, false, err
	}
	d, err = parseDescriptor(text)
	if err != nil {
		return d, false, ambiguous(s.name, err)
	}
	// Tools leave room for a descriptor in extents too.
	return d, d.createType != "", nil
}

// grains are the tables that say where a sparse extent's data lie.
type grains struct {
	// directory is the sector of the first table, entries the number of tables,
	// perTable that of the grains in one.
	directory, entries, perTable uint64
	// grain is the size of one in sectors.
	grain      uint64
	compressed bool
	// zeroes says that the entry zeroGrain stands for a grain of zeroes.
	zeroes bool
}

func (h vmdkSparse) grains() grains {
	perTable := uint64(h.EntriesPerTable) * h.GrainSize
	return grains{
		directory: h.Directory, entries: (h.Capacity + perTable - 1) / perTable, perTable: uint64(h.EntriesPerTable),
		grain: h.GrainSize, compressed: h.Flags&flagCompressed != 0, zeroes: h.Flags&flagZeroGrains != 0,
	}
}

// check refuses an extent that ends before the data that its tables point to.
// QEMU would read zeroes there and say nothing.
func (g grains) check(ctx context.Context, s section) error {
	const entry = 4
	cutOff := damaged(s.name, "its tables point behind its end")
	end := uint64(sectors(s.size))
	if g.directory >= end || g.entries*entry > uint64(s.size)-g.directory*sectorSize {
		return cutOff
	}
	directory := s.part(s.name, int64(g.directory*sectorSize), int64(g.entries*entry)).reader()
	chunk := make([]byte, 64<<10)
	table := make([]byte, g.perTable*entry)
	var tables, last uint64
	for {
		n, err := directory.Read(chunk)
		if n == 0 && errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading %s: %w", s.name, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for at := 0; at+entry <= n; at += entry {
			sector := uint64(binary.LittleEndian.Uint32(chunk[at:]))
			if sector == 0 {
				continue
			}
			tables++
			if sector >= end || tables*uint64(len(table)) > uint64(s.size) {
				return cutOff
			}
			switch _, err := s.ReadAt(table, int64(sector*sectorSize)); {
			case errors.Is(err, io.EOF):
				return cutOff
			case err != nil:
				return fmt.Errorf("reading %s: %w", s.name, err)
			}
			for cell := 0; cell < len(table); cell += entry {
				at := uint64(binary.LittleEndian.Uint32(table[cell:]))
				if at == zeroGrain && !g.zeroes {
					// QEMU would take its header for data.
					return damaged(s.name, "its tables have grains of zeroes, and its header says that they have none")
				}
				last = max(last, at)
			}
		}
	}
	// 0 is a hole.
	if last <= zeroGrain {
		return nil
	}
	last *= sectorSize
	length := g.grain * sectorSize
	if g.compressed {
		marker, err := s.read(int64(last), grainMarker)
		if err != nil {
			return err
		}
		if len(marker) < grainMarker {
			return cutOff
		}
		length = grainMarker + uint64(binary.LittleEndian.Uint32(marker[8:]))
	}
	if last+length > uint64(s.size) {
		return cutOff
	}
	return nil
}
