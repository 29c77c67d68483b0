package blockfs

import (
	"encoding/binary"
	"sort"
)

// The log's parts. It is written in basic blocks, around and around, and each
// block has the number of its round in its first word, or behind a record's mark.
const (
	xfsLogBlock     = 512
	xfsLogRecord    = 0xFEEDBABE
	xfsLogMost      = 256 << 10 // bytes of one record
	xfsLogUnmounted = 0x20
	xfsLogHeader    = 32 << 10 // bytes of a record that one block of header is for
)

// needsRecovery says that the log holds changes that the file system lacks, or
// that this cannot be told: a file system that was unmounted has nothing behind
// the record that says so.
func (x *xfs) needsRecovery() bool {
	be := binary.BigEndian
	blocks := int(x.logSize / xfsLogBlock)
	if x.logStart == 0 || blocks < 2 {
		return true
	}
	read := func(n int) []byte {
		if block, err := readAt(x.device, x.logStart+int64(n)*xfsLogBlock, xfsLogBlock); err == nil {
			return block
		}
		return make([]byte, xfsLogBlock)
	}
	isRecord := func(block []byte) bool { return be.Uint32(block) == xfsLogRecord }
	round := func(n int) uint32 {
		block := read(n)
		if isRecord(block) {
			return be.Uint32(block[4:])
		}
		return be.Uint32(block)
	}
	first := round(0)
	head := sort.Search(blocks, func(n int) bool { return round(n) != first })
	for back := 1; back <= min(xfsLogMost/xfsLogBlock+xfsLogMost/xfsLogHeader, head); back++ {
		block := read(head - back)
		if !isRecord(block) {
			continue
		}
		headers := 1
		if size := int(be.Uint32(block[320:])); be.Uint32(block[8:])&2 != 0 && size > xfsLogHeader && size <= xfsLogMost {
			headers = (size + xfsLogHeader - 1) / xfsLogHeader
		}
		content := (int(be.Uint32(block[12:])) + xfsLogBlock - 1) / xfsLogBlock
		if headers+content != back || be.Uint32(block[40:]) != 1 {
			return true
		}
		operation := read(head - back + headers)
		return operation[9]&xfsLogUnmounted == 0
	}
	return true
}
