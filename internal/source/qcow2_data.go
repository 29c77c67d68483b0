package source

import (
	"encoding/binary"
	"fmt"
)

// qcow2Data tells how long the external data file of a qcow2 image has to be: a cluster
// lies in it where the guest has it.
type qcow2Data struct {
	// cluster is the size of one, in bytes.
	cluster int64
	// table is where the L1 table lies, in bytes; it has tables entries.
	table, tables uint64
	// extended says that L2 entries have the bits of subclusters behind them.
	extended bool
	// raw says that the data file is the disk as a raw image has it.
	raw bool
}

const (
	// qcow2Offset are the bits of an entry that say where a table lies.
	qcow2Offset = 0x00fffffffffffe00
	// qcow2Allocated is the bit of an L2 entry of a cluster whose data are the image's
	// own; qcow2Zero that of one that reads as zeroes, whatever is there.
	qcow2Allocated = 1 << 63
	qcow2Zero      = 1 << 0
	// maxL1 is how large QEMU lets an L1 table be, in bytes.
	maxL1 = 32 << 20
)

// checkData refuses a data file that ends before its data: QEMU would read zeroes there
// and say nothing. The last cluster may be there in part.
func (h qcow2Header) checkData(s, data section) error {
	last, err := h.data.last(s, h.size)
	if err != nil {
		return err
	}
	need := last * h.data.cluster // of which the next byte has to be there
	if h.data.raw {
		need = h.size - 1
	}
	if last < 0 && !h.data.raw || data.size > need {
		return nil
	}
	return damaged(data.name, fmt.Sprintf("%s has data of the guest's byte %d in it, and it has %d bytes", s.name, need, data.size))
}

// last is the number of the last cluster that has data in the data file, -1 where none
// has. Clusters behind the end of the disk, which is at size, count for nothing.
func (d qcow2Data) last(s section, size int64) (int64, error) {
	entry := int64(8)
	if d.extended {
		entry = 16
	}
	perTable, clusters := d.cluster/entry, (size+d.cluster-1)/d.cluster
	if d.tables > maxL1/8 || d.table > uint64(s.size) {
		return 0, damaged(s.name, "its L1 table is where none can be")
	}
	tables, err := s.read(int64(d.table), int64(d.tables)*8)
	if err != nil {
		return 0, err
	}
	empty := map[uint64]bool{} // a hostile image has the same table again and again
	for n := int64(len(tables))/8 - 1; n >= 0; n-- {
		at := binary.BigEndian.Uint64(tables[8*n:]) & qcow2Offset
		if at == 0 || n*perTable >= clusters || empty[at] {
			continue
		}
		table, err := s.read(int64(at), d.cluster)
		if err != nil {
			return 0, err
		}
		for i := min(int64(len(table))/entry, clusters-n*perTable) - 1; i >= 0; i-- {
			if d.holds(table[i*entry:][:entry]) {
				return n*perTable + i, nil
			}
		}
		empty[at] = clusters-n*perTable >= perTable // else it was not looked through to its end
	}
	return -1, nil
}

// holds says that an entry is of a cluster with data in the data file.
func (d qcow2Data) holds(entry []byte) bool {
	if d.extended {
		return binary.BigEndian.Uint32(entry[12:]) != 0
	}
	value := binary.BigEndian.Uint64(entry)
	// The first cluster lies at 0, and is told by the other bit alone.
	return value&qcow2Zero == 0 && value&(qcow2Allocated|qcow2Offset) != 0
}
