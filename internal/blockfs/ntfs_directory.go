package blockfs

import "encoding/binary"

// ntfsIndex is the name of the index by names.
const ntfsIndex = "$I30"

// ReadDir implements Node. The blocks of an index that are not in use hold what
// was there once.
func (n *ntfsNode) ReadDir() ([]Entry, error) {
	le := binary.LittleEndian
	if !n.info.Mode.IsDir() {
		return nil, errNoDirectory
	}
	read := func(kind uint32) ([]byte, error) {
		stream, err := n.fs.streamOf(n.records, kind, ntfsIndex)
		if err != nil {
			return nil, err
		}
		if stream.size > maxDirectory {
			return nil, corrupt("a directory of %d bytes", stream.size)
		}
		data := make([]byte, stream.size)
		_, err = n.fs.read(stream, data, 0)
		if stream.size == 0 {
			err = nil
		}
		return data, err
	}
	root, err := read(ntfsIndexRoot)
	if err != nil {
		return nil, err
	}
	if len(root) < 32 {
		return nil, corrupt("a directory has no index")
	}
	entries, err := appendIndex(nil, root[16:])
	if err != nil {
		return nil, err
	}
	size := int(le.Uint32(root[8:]))
	blocks, err := read(ntfsIndexAllocation)
	if err != nil || len(blocks) == 0 {
		return entries, err
	}
	used, err := read(ntfsBitmap)
	if err != nil {
		return nil, err
	}
	if size < ntfsSector || size > 64<<10 {
		return nil, corrupt("an index has blocks of %d bytes", size)
	}
	for number := 0; (number+1)*size <= len(blocks); number++ {
		if number/8 >= len(used) || used[number/8]>>(number%8)&1 == 0 {
			continue
		}
		block := blocks[number*size:][:size]
		if string(block[:4]) != "INDX" {
			return nil, corrupt("an index has no block where one is said to be")
		}
		if err := mendSectors(block); err != nil {
			return nil, err
		}
		if entries, err = appendIndex(entries, block[24:]); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// appendIndex reads a node of an index.
func appendIndex(entries []Entry, node []byte) ([]Entry, error) {
	le := binary.LittleEndian
	start, end := uint64(le.Uint32(node)), uint64(le.Uint32(node[4:]))
	if start > end || end > uint64(len(node)) {
		return nil, corrupt("the entries of an index lie outside of it")
	}
	for rest := node[start:end]; len(rest) >= 16; {
		length, key := int(le.Uint16(rest[8:])), int(le.Uint16(rest[10:]))
		if le.Uint16(rest[12:])&2 != 0 { // the last one has no name
			return entries, nil
		}
		if length < 16 || length > len(rest) || 16+key > length {
			return nil, corrupt("an index has an entry of %d bytes", length)
		}
		name := rest[16:][:key]
		if key < 66 || 66+2*int(name[64]) > key {
			return nil, corrupt("an index has a name of %d bytes", key)
		}
		number := le.Uint64(rest) & ntfsRecordNumber
		if name[65] != ntfsDOSName && number >= ntfsFirstUser {
			entries = append(entries, Entry{Name: wideText(name[66:][:2*int(name[64])]), id: number})
		}
		rest = rest[length:]
	}
	return entries, nil
}

// identity reads the label, and whether the volume was in use: it is marked so, or
// its journal was not closed.
func (n *ntfs) identity() (label string, dirty bool) {
	records, err := n.records(ntfsVolumeRecord)
	if err != nil {
		return "", true
	}
	if name, err := n.streamOf(records, ntfsVolumeName, ""); err == nil {
		label = wideText(name.resident)
	}
	info, err := n.streamOf(records, ntfsVolumeInfo, "")
	if err != nil || len(info.resident) < 12 {
		return label, true
	}
	dirty = binary.LittleEndian.Uint16(info.resident[10:])&ntfsDirtyVolume != 0
	return label, dirty || n.journalOpen()
}
