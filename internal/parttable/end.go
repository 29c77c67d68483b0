package parttable

import (
	"io"
	"slices"
)

// Extent is where a partition lies, in bytes from the disk's beginning to
// behind its last one.
type Extent struct {
	Start, End int64
	// Container says that it only holds other partitions.
	Container bool
}

// End is the byte behind the last of them, 0 where there is none.
func End(extents []Extent) (end int64) {
	for _, extent := range extents {
		end = max(end, extent.End)
	}
	return end
}

// largeSector is the other size of sectors that drives show, in bytes.
const largeSector = 4096

// Extents lists what the MBR or GPT of a disk names, or nothing where there is
// no table that can be trusted to be one: it serves to tell how long a disk was,
// so what no program that partitions disks writes counts for nothing. An MBR is
// read in sectors of 512 bytes. Partitions may reach behind the disk's end; where
// a chain of logical ones does, its next table counts as one.
func Extents(disk io.ReaderAt) ([]Extent, error) {
	first, err := readAt(disk, 0, sectorSize)
	if err != nil {
		return nil, err
	}
	table, protective := MBRExtents(first)
	if !protective {
		for _, extent := range slices.Clone(table) {
			if !extent.Container {
				continue
			}
			inside, beyond, err := logicals(disk, extent.Start/sectorSize, sectorSize)
			if err != nil {
				return nil, err
			}
			for _, record := range inside {
				table = append(table, extentOf(record))
			}
			if beyond > 0 {
				table = append(table, extentOf(mbrRecord{start: beyond, count: 1}))
			}
		}
		return table, nil
	}
	// A GPT lies at the second sector, whatever the disk's sectors measure.
	for _, sector := range []int64{sectorSize, largeSector} {
		extents, sound, err := GPTExtents(disk, sector)
		if err != nil {
			return nil, err
		}
		if sound {
			return append(table, extents...), nil
		}
	}
	return table, nil
}

// MBRExtents lists what the primary entries of a disk's first sector name, in
// sectors of 512 bytes. The boot sector of a file system has code where they
// would be, so all of them have to be plausible. MBRs of disks with larger
// sectors give smaller numbers and pass. Protective says that an entry covers
// the disk on behalf of a GPT; it is left out, being often larger than the disk.
func MBRExtents(first []byte) (extents []Extent, protective bool) {
	records, ok := parseMBR(first)
	if !ok {
		return nil, false
	}
	for _, record := range records {
		switch {
		case record.kind == 0 && record.start == 0 && record.count == 0:
			continue
		case record.kind == 0 || record.start == 0 || record.count == 0:
			return nil, false
		case record.kind == mbrProtective:
			protective = true
			continue
		}
		extent := extentOf(record)
		for _, other := range extents {
			if extent.Start < other.End && other.Start < extent.End {
				return nil, false
			}
		}
		extents = append(extents, extent)
	}
	return extents, protective
}

func extentOf(record mbrRecord) Extent {
	return Extent{record.start * sectorSize, (record.start + record.count) * sectorSize, record.isExtended()}
}

// GPTExtents lists what the primary GPT of a disk with sectors of that many
// bytes names. It is sound if its checksum fits. The second header, and room
// that no partition has, are no loss: disks that were made smaller on purpose
// lack them, and boot.
func GPTExtents(disk io.ReaderAt, sector int64) (extents []Extent, sound bool, err error) {
	header, err := readGPTHeader(disk, sector)
	if err != nil || header == nil || !header.sound {
		return nil, false, err
	}
	if !header.plausible() {
		return nil, true, nil
	}
	entries, _, err := header.entries(disk, sector)
	if err != nil {
		return nil, false, err
	}
	for _, entry := range entries {
		extents = append(extents, Extent{
			Start: int64(min(entry.first, gptMaxSector)) * sector,
			End:   int64(min(entry.last, gptMaxSector)+1) * sector,
		})
	}
	return extents, true, nil
}
