package blockfs

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"math"
	"unicode/utf16"
)

// The parts of NTFS as the Linux-NTFS project's documentation describes them.
const (
	ntfsRootRecord   = 5
	ntfsVolumeRecord = 3
	ntfsFirstUser    = 16 // records below are the file system's own
	ntfsSector       = 512

	ntfsInUse     = 0x1
	ntfsDirectory = 0x2

	ntfsAttributeList   = 0x20
	ntfsVolumeName      = 0x60
	ntfsVolumeInfo      = 0x70
	ntfsData            = 0x80
	ntfsIndexRoot       = 0x90
	ntfsIndexAllocation = 0xA0
	ntfsBitmap          = 0xB0
	ntfsReparsePoint    = 0xC0
	ntfsEnd             = 0xFFFFFFFF

	ntfsCompressed = 0x00FF
	ntfsEncrypted  = 0x4000

	ntfsDirtyVolume  = 0x1
	ntfsDOSName      = 2 // a second name of eight and three letters
	ntfsMaxRuns      = 1 << 20
	ntfsMaxList      = 256 << 10 // bytes of a list of attributes, as in Windows
	ntfsRecordNumber = 1<<48 - 1
)

type ntfs struct {
	device  io.ReaderAt
	size    int64 // bytes
	cluster int64 // bytes
	record  int64 // bytes
	mft     ntfsStream
}

func openNTFS(device io.ReaderAt, size int64) (*ntfs, error) {
	boot, err := readAt(device, 0, 512)
	if err != nil {
		return nil, err
	}
	return parseNTFS(device, size, boot)
}

func parseNTFS(device io.ReaderAt, size int64, boot []byte) (*ntfs, error) {
	le := binary.LittleEndian
	sector, perCluster := int64(le.Uint16(boot[11:])), int64(boot[13])
	if perCluster > 128 {
		perCluster = 1 << min(256-perCluster, 32)
	}
	n := &ntfs{device: device, size: size, cluster: sector * perCluster}
	if sector < 256 || sector > 4096 || n.cluster <= 0 || n.cluster > 2<<20 || n.cluster&(n.cluster-1) != 0 {
		return nil, corrupt("clusters of %d sectors of %d bytes", perCluster, sector)
	}
	if clusters := int8(boot[64]); clusters < 0 {
		n.record = 1 << min(-int(clusters), 31)
	} else {
		n.record = int64(clusters) * n.cluster
	}
	if n.record < ntfsSector || n.record > 64<<10 || n.record%ntfsSector != 0 {
		return nil, corrupt("records of %d bytes", n.record)
	}
	start := le.Uint64(boot[48:])
	if start == 0 || start >= uint64(size/n.cluster) {
		return nil, corrupt("the file table is said to lie in cluster %d", start)
	}
	// The first record describes the table that it is the first of. Where that has
	// many pieces, the first of them leads to the others.
	first := int64(start) * n.cluster
	n.mft = ntfsStream{
		size: n.record, initialized: n.record,
		runs: []ntfsRun{{count: (n.record + n.cluster - 1) / n.cluster, start: first / n.cluster}},
	}
	base, err := n.readRecord(0)
	if err != nil {
		return nil, err
	}
	if n.mft, err = n.streamOf([]ntfsRecord{base}, ntfsData, ""); err != nil {
		return nil, err
	}
	records, err := n.records(0)
	if err != nil {
		return nil, err
	}
	n.mft, err = n.streamOf(records, ntfsData, "")
	return n, err
}

// FoldsCase implements FS: Windows does.
func (*ntfs) FoldsCase() bool { return true }

// Root implements FS.
func (n *ntfs) Root() (Node, error) { return n.open(ntfsRootRecord) }

// ntfsRecord is a record of the file table, its sectors mended.
type ntfsRecord []byte

func (n *ntfs) readRecord(number uint64) (ntfsRecord, error) {
	if number > math.MaxInt64/uint64(n.record) {
		return nil, corrupt("a pointer leads to record %d", number)
	}
	data := make([]byte, n.record)
	if _, err := n.read(n.mft, data, int64(number)*n.record); err != nil {
		return nil, err
	}
	if string(data[:4]) != "FILE" {
		return nil, corrupt("record %d is none", number)
	}
	return data, mendSectors(data)
}

// mendSectors puts back what lay at the end of each sector: there stands a number
// that tells whether all of them were written.
func mendSectors(data []byte) error {
	le := binary.LittleEndian
	offset, count := int(le.Uint16(data[4:])), int(le.Uint16(data[6:]))
	if count < 1 || offset+2*count > len(data) || (count-1)*ntfsSector > len(data) {
		return corrupt("a record has %d sectors", count)
	}
	for n := 1; n < count; n++ {
		end := data[n*ntfsSector-2:][:2]
		if !bytes.Equal(end, data[offset:][:2]) {
			return corrupt("a record was not written whole")
		}
		copy(end, data[offset+2*n:][:2])
	}
	return nil
}

// attributes calls use for the attributes of a record.
func (r ntfsRecord) attributes(use func(kind uint32, name string, attribute []byte) error) error {
	le := binary.LittleEndian
	if int(le.Uint16(r[20:])) >= len(r) {
		return corrupt("a record's attributes lie outside of it")
	}
	for rest := r[le.Uint16(r[20:]):]; len(rest) >= 8; {
		kind, length := le.Uint32(rest), le.Uint32(rest[4:])
		if kind == ntfsEnd {
			return nil
		}
		if length < 24 || uint64(length) > uint64(len(rest)) {
			return corrupt("an attribute of %d bytes", length)
		}
		attribute := rest[:length]
		name := ""
		if letters := int(attribute[9]); letters > 0 {
			at := int(le.Uint16(attribute[10:]))
			if at+2*letters > len(attribute) {
				return corrupt("an attribute's name lies outside of it")
			}
			name = wideText(attribute[at:][:2*letters])
		}
		if err := use(kind, name, attribute); err != nil {
			return err
		}
		rest = rest[length:]
	}
	return nil
}

func wideText(raw []byte) string {
	units := make([]uint16, len(raw)/2)
	for n := range units {
		units[n] = binary.LittleEndian.Uint16(raw[2*n:])
	}
	return string(utf16.Decode(units))
}

// records reads the record of a file, and those that hold what does not fit in it.
func (n *ntfs) records(number uint64) ([]ntfsRecord, error) {
	le := binary.LittleEndian
	base, err := n.readRecord(number)
	if err != nil {
		return nil, err
	}
	records := []ntfsRecord{base}
	stream, err := n.streamOf(records, ntfsAttributeList, "")
	switch {
	case err != nil:
		return nil, err
	case stream.size == 0:
		return records, nil
	case stream.size > ntfsMaxList:
		return nil, corrupt("a list of attributes of %d bytes", stream.size)
	}
	list := make([]byte, stream.size)
	if _, err := n.read(stream, list, 0); err != nil {
		return nil, err
	}
	known := map[uint64]bool{number: true}
	for len(list) >= 26 {
		length := int(le.Uint16(list[4:]))
		if length < 26 || length > len(list) {
			return nil, corrupt("a list of attributes ends within one")
		}
		further := le.Uint64(list[16:]) & ntfsRecordNumber
		list = list[length:]
		if known[further] {
			continue
		}
		known[further] = true
		record, err := n.readRecord(further)
		if err != nil {
			return nil, err
		}
		if le.Uint64(record[32:])&ntfsRecordNumber != number {
			return nil, corrupt("record %d belongs to another file", further)
		}
		records = append(records, record)
	}
	return records, nil
}

type ntfsNode struct {
	fs      *ntfs
	info    Info
	records []ntfsRecord
	data    ntfsStream
}

func (n *ntfs) open(number uint64) (*ntfsNode, error) {
	records, err := n.records(number)
	if err != nil {
		return nil, err
	}
	flags := binary.LittleEndian.Uint16(records[0][22:])
	if flags&ntfsInUse == 0 {
		return nil, corrupt("record %d is not in use", number)
	}
	node := &ntfsNode{fs: n, records: records, info: Info{Mode: 0o777}}
	if flags&ntfsDirectory != 0 {
		node.info.Mode |= fs.ModeDir
		return node, nil
	}
	if node.data, err = n.streamOf(records, ntfsData, ""); err != nil {
		return nil, err
	}
	node.info.Size = node.data.size
	// What a link or a file that is compressed elsewhere has as content means
	// something else.
	if reparse, err := n.streamOf(records, ntfsReparsePoint, ""); err != nil || reparse.size > 0 {
		node.info.Mode |= fs.ModeIrregular
	}
	return node, nil
}

// Info implements Node.
func (n *ntfsNode) Info() Info { return n.info }

// ReadAt implements Node.
func (n *ntfsNode) ReadAt(p []byte, off int64) (int, error) {
	if !n.info.Mode.IsRegular() {
		return 0, errNoFile
	}
	return n.fs.read(n.data, p, off)
}

// Readlink implements Node: links of Windows are not followed.
func (*ntfsNode) Readlink() (string, error) { return "", errNoLink }

// Open implements Node.
func (n *ntfsNode) Open(entry Entry) (Node, error) { return n.fs.open(entry.id) }
