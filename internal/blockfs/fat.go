package blockfs

import (
	"encoding/binary"
	"io"
	"io/fs"
	"strings"
	"unicode/utf16"
)

// The parts of FAT as Microsoft's specification of 2004 describes them.
const (
	fatEntrySize   = 32
	fatReadOnly    = 0x01
	fatVolume      = 0x08
	fatDirectory   = 0x10
	fatLongName    = 0x0F
	fatLowerBase   = 0x08
	fatLowerSuffix = 0x10
	fatMaxLong     = 20 // parts of a long name
	// fatMaxDirectory is the size of a directory in bytes: it has at most 65536
	// entries.
	fatMaxDirectory = 65536 * fatEntrySize
)

type fat struct {
	device    io.ReaderAt
	bits      int
	table     int64 // byte of the first FAT
	tableSize int64
	rootAt    int64 // byte of the root directory; 0 where it is a chain
	rootSize  int64
	rootStart uint64
	data      int64 // byte of cluster 2
	cluster   int64 // bytes
	clusters  int64
}

func openFAT(device io.ReaderAt, size int64) (*fat, error) {
	boot, err := readAt(device, 0, 512)
	if err != nil {
		return nil, err
	}
	return parseFAT(device, size, boot)
}

func parseFAT(device io.ReaderAt, size int64, boot []byte) (*fat, error) {
	le := binary.LittleEndian
	short := func(at int) int64 { return int64(le.Uint16(boot[at:])) }
	sector, perCluster := short(11), int64(boot[13])
	reserved, tables, rootEntries := short(14), int64(boot[16]), short(17)
	sectors, tableSectors := short(19), short(22)
	if sectors == 0 {
		sectors = int64(le.Uint32(boot[32:]))
	}
	if tableSectors == 0 {
		tableSectors = int64(le.Uint32(boot[36:]))
	}
	switch {
	case sector < 512 || sector > 4096 || sector&(sector-1) != 0, perCluster == 0 || perCluster&(perCluster-1) != 0:
		return nil, corrupt("clusters of %d sectors of %d bytes", perCluster, sector)
	case reserved == 0 || tables == 0 || tableSectors == 0 || sectors == 0 || sectors > size/sector:
		return nil, corrupt("%d sectors of %d bytes do not fit", sectors, sector)
	}
	f := &fat{
		device: device, table: reserved * sector, tableSize: tableSectors * sector,
		rootAt: (reserved + tables*tableSectors) * sector, rootSize: rootEntries * fatEntrySize,
		cluster: perCluster * sector,
	}
	f.data = f.rootAt + (f.rootSize+sector-1)/sector*sector
	f.clusters = (sectors*sector - f.data) / f.cluster
	switch {
	case f.clusters <= 0:
		return nil, corrupt("a FAT file system has no cluster")
	case f.clusters < 4085:
		f.bits = 12
	case f.clusters < 65525:
		f.bits = 16
	default:
		f.bits = 32
	}
	if rootEntries == 0 {
		f.bits, f.rootAt, f.rootStart = 32, 0, uint64(le.Uint32(boot[44:]))
	}
	return f, nil
}

// FoldsCase implements FS.
func (*fat) FoldsCase() bool { return true }

// Root implements FS.
func (f *fat) Root() (Node, error) {
	return &fatNode{fs: f, info: Info{Mode: fs.ModeDir | 0o755}, start: f.rootStart, fixed: f.rootAt != 0}, nil
}

// next is the cluster that follows another; ok is false at the end.
func (f *fat) next(cluster uint64) (following uint64, ok bool, err error) {
	le := binary.LittleEndian
	if !f.valid(cluster) {
		return 0, false, corrupt("a pointer leads to cluster %d", cluster)
	}
	at, width := int64(cluster)*int64(f.bits)/8, int64(2)
	if f.bits == 32 {
		width = 4
	}
	if at+width > f.tableSize {
		return 0, false, corrupt("cluster %d is not in the table", cluster)
	}
	raw, err := readAt(f.device, f.table+at, width)
	if err != nil {
		return 0, false, err
	}
	switch f.bits {
	case 12:
		following = uint64(le.Uint16(raw) >> (cluster % 2 * 4) & 0xFFF)
	case 16:
		following = uint64(le.Uint16(raw))
	default:
		following = uint64(le.Uint32(raw) & 0x0FFFFFFF)
	}
	return following, f.valid(following), nil
}

func (f *fat) valid(cluster uint64) bool { return cluster >= 2 && cluster < uint64(f.clusters)+2 }

type fatNode struct {
	fs    *fat
	info  Info
	start uint64
	fixed bool // the root directory of FAT12 and FAT16
	// The chain is followed once from its start to its end: these are its clusters
	// as far as they are known.
	chain []uint64
	mark  uint64 // a cluster of the chain; 0 for none
}

// Info implements Node.
func (n *fatNode) Info() Info { return n.info }

// clusterAt is the n-th cluster of the chain; ok is false behind its end.
func (n *fatNode) clusterAt(index int64) (cluster uint64, ok bool, err error) {
	if len(n.chain) == 0 {
		if !n.fs.valid(n.start) {
			return 0, false, nil
		}
		n.chain = append(n.chain, n.start)
	}
	for int64(len(n.chain)) <= index {
		following, ok, err := n.fs.next(n.chain[len(n.chain)-1])
		if err != nil || !ok {
			return 0, false, err
		}
		// A chain that leads back comes past the mark before it is twice as long.
		if following == n.mark {
			return 0, false, corrupt("a chain of clusters has no end")
		}
		n.chain = append(n.chain, following)
		if length := len(n.chain); length&(length-1) == 0 {
			n.mark = following
		}
	}
	return n.chain[index], true, nil
}

func (n *fatNode) locate(off int64) (run, error) {
	f := n.fs
	cluster, ok, err := n.clusterAt(off / f.cluster)
	switch {
	case err != nil:
		return run{}, err
	case !ok:
		return run{}, corrupt("a file is longer than its clusters")
	}
	inside := off % f.cluster
	return run{offset: f.data + int64(cluster-2)*f.cluster + inside, length: f.cluster - inside}, nil
}

// ReadAt implements Node.
func (n *fatNode) ReadAt(p []byte, off int64) (int, error) {
	if !n.info.Mode.IsRegular() {
		return 0, errNoFile
	}
	return readRuns(n.fs.device, n.info.Size, p, off, n.locate)
}

// Readlink implements Node: FAT has no symbolic links.
func (*fatNode) Readlink() (string, error) { return "", errNoLink }

// ReadDir implements Node.
func (n *fatNode) ReadDir() ([]Entry, error) {
	if !n.info.Mode.IsDir() {
		return nil, errNoDirectory
	}
	var entries []Entry
	var long longName
	err := n.records(func(record []byte) {
		switch attributes := record[11]; {
		case attributes&0x3F == fatLongName:
			long.add(record)
			return
		case attributes&fatVolume == 0:
			name, ok := long.name(record)
			if !ok {
				name = shortName(record)
			}
			if name != "." && name != ".." {
				entries = append(entries, Entry{Name: name, record: record})
			}
		}
		long = longName{}
	})
	return entries, err
}

// records calls use with every entry of the directory that was not deleted.
func (n *fatNode) records(use func(record []byte)) error {
	f := n.fs
	for index := int64(0); ; index++ {
		var data []byte
		var err error
		if n.fixed {
			if index > 0 {
				return nil
			}
			data, err = readAt(f.device, f.rootAt, f.rootSize)
		} else {
			var found run
			if _, ok, chainErr := n.clusterAt(index); chainErr != nil || !ok {
				return chainErr
			}
			if index*f.cluster > fatMaxDirectory {
				return corrupt("a directory has no end")
			}
			if found, err = n.locate(index * f.cluster); err == nil {
				data, err = readAt(f.device, found.offset, found.length)
			}
		}
		if err != nil {
			return err
		}
		for ; len(data) >= fatEntrySize; data = data[fatEntrySize:] {
			switch data[0] {
			case 0:
				return nil
			case 0xE5:
			default:
				use(data[:fatEntrySize:fatEntrySize])
			}
		}
	}
}

// Open implements Node.
func (n *fatNode) Open(entry Entry) (Node, error) {
	le := binary.LittleEndian
	record := entry.record
	if len(record) != fatEntrySize {
		return nil, errNoDirectory
	}
	node := &fatNode{
		fs: n.fs, start: uint64(le.Uint16(record[26:])),
		info: Info{Mode: 0o755, Size: int64(le.Uint32(record[28:]))},
	}
	if n.fs.bits == 32 {
		node.start |= uint64(le.Uint16(record[20:])) << 16
	}
	switch attributes := record[11]; {
	case attributes&fatDirectory != 0:
		node.info = Info{Mode: fs.ModeDir | 0o755}
	case attributes&fatReadOnly != 0:
		node.info.Mode = 0o555
	}
	return node, nil
}

// label is the name in the root directory's entry for the volume.
func (f *fat) label() string {
	root := &fatNode{fs: f, info: Info{Mode: fs.ModeDir}, start: f.rootStart, fixed: f.rootAt != 0}
	label := ""
	err := root.records(func(record []byte) {
		if label == "" && record[11]&0x3F != fatLongName && record[11]&(fatVolume|fatDirectory) == fatVolume {
			label = strings.TrimRight(string(record[:11]), " ")
		}
	})
	if err != nil {
		return ""
	}
	return label
}

// shortName is a name of eight and three letters as Linux shows it.
func shortName(record []byte) string {
	part := func(raw []byte, lower byte) string {
		name := strings.TrimRight(string(raw), " ")
		if record[12]&lower != 0 {
			name = strings.ToLower(name)
		}
		return name
	}
	base, suffix := part(record[:8], fatLowerBase), part(record[8:11], fatLowerSuffix)
	if strings.HasPrefix(base, "\x05") {
		base = "\xE5" + base[1:]
	}
	if suffix == "" {
		return base
	}
	return base + "." + suffix
}

// longName gathers the entries of a long name, which stand before the short one
// in reverse order.
type longName struct {
	parts    [][]uint16
	missing  int
	checksum byte
}

func (l *longName) add(record []byte) {
	le := binary.LittleEndian
	number := int(record[0] & 0x3F)
	switch {
	case number == 0 || number > fatMaxLong:
		*l = longName{}
		return
	case record[0]&0x40 != 0:
		*l = longName{parts: make([][]uint16, number), missing: number, checksum: record[13]}
	}
	if number != l.missing || record[13] != l.checksum {
		*l = longName{}
		return
	}
	var units []uint16
	for _, part := range [][]byte{record[1:11], record[14:26], record[28:32]} {
		for ; len(part) > 0; part = part[2:] {
			units = append(units, le.Uint16(part))
		}
	}
	l.missing--
	l.parts[l.missing] = units
}

// name is the long name of a short entry, where it has one.
func (l *longName) name(record []byte) (string, bool) {
	sum := byte(0)
	for _, letter := range record[:11] {
		sum = sum>>1 | sum<<7
		sum += letter
	}
	if len(l.parts) == 0 || l.missing > 0 || sum != l.checksum {
		return "", false
	}
	var units []uint16
	for _, part := range l.parts {
		for _, unit := range part {
			if unit == 0 {
				return string(utf16.Decode(units)), len(units) > 0
			}
			units = append(units, unit)
		}
	}
	return string(utf16.Decode(units)), true
}
