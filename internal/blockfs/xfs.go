package blockfs

import (
	"encoding/binary"
	"io"
	"io/fs"
)

// The parts of XFS as the "XFS Algorithms & Data Structures" describes them.
const (
	xfsMagic = "XFSB"

	xfsVersionDirV2 = 0x2000 // in version 4: directories of the second kind
	xfsFeature2Type = 0x200  // in version 4: names have the type of their file
	xfsIncompatType = 0x1    // in version 5: the same
	// xfsReadable are the incompatible features that change nothing for a reader
	// or are understood here: FTYPE, SPINODES, META_UUID, BIGTIME, NREXT64,
	// EXCHRANGE, PARENT. NEEDSREPAIR is not among them.
	xfsReadable       = 0x1 | 0x2 | xfsIncompatMetaID | 0x8 | 0x20 | 0x40 | 0x80
	xfsIncompatMetaID = 0x4

	xfsFormatLocal   = 1
	xfsFormatExtents = 2
	xfsFormatBtree   = 3
	xfsRealtime      = 0x1
	xfsManyExtents   = 1 << 4
	xfsMaxLevels     = 9
	xfsSymlinkHeader = 56
)

type xfs struct {
	device      io.ReaderAt
	size        int64
	block       int64 // bytes
	root        uint64
	groupBlocks int64
	groups      int64
	groupLog    uint
	inodeSize   int64
	inodeLog    uint  // inodes in a block
	dirBlock    int64 // bytes
	version5    bool
	fileTypes   bool
	logStart    int64 // byte; 0 where the log lies elsewhere
	logSize     int64 // bytes
}

func openXFS(device io.ReaderAt, size int64) (*xfs, error) {
	sb, err := readAt(device, 0, 512)
	if err != nil {
		return nil, err
	}
	return parseXFS(device, size, sb)
}

func parseXFS(device io.ReaderAt, size int64, sb []byte) (*xfs, error) {
	be := binary.BigEndian
	if string(sb[:4]) != xfsMagic {
		return nil, corrupt("no XFS superblock")
	}
	version := be.Uint16(sb[100:])
	x := &xfs{
		device: device, size: size, block: int64(be.Uint32(sb[4:])), root: be.Uint64(sb[56:]),
		groupBlocks: int64(be.Uint32(sb[84:])), groups: int64(be.Uint32(sb[88:])), groupLog: uint(sb[124]),
		inodeSize: int64(be.Uint16(sb[104:])), inodeLog: uint(sb[123]),
	}
	switch version & 0xF {
	case 4:
		if version&xfsVersionDirV2 == 0 {
			return nil, unsupported("an XFS file system of the first kind")
		}
		x.fileTypes = be.Uint32(sb[200:])&xfsFeature2Type != 0
	case 5:
		x.version5 = true
		features := be.Uint32(sb[216:])
		if features&^uint32(xfsReadable) != 0 {
			return nil, unsupported("an XFS file system with unusual features")
		}
		x.fileTypes = features&xfsIncompatType != 0
	default:
		return nil, unsupported("an old XFS file system")
	}
	dirLog := uint(sb[192])
	switch {
	case x.block < 512 || x.block > 1<<16 || x.block&(x.block-1) != 0 || dirLog > 7 || x.block<<dirLog > 1<<16:
		return nil, corrupt("blocks of %d bytes", x.block)
	case x.inodeSize < 256 || x.inodeSize > 2048 || x.inodeSize > x.block || x.inodeLog > 8 || x.inodeSize<<x.inodeLog > x.block:
		return nil, corrupt("inodes of %d bytes", x.inodeSize)
	case x.groupLog > 31 || x.groupBlocks <= 0 || x.groupBlocks > 1<<x.groupLog || x.groups <= 0 || (x.groups-1)*x.groupBlocks >= size/x.block:
		return nil, corrupt("%d groups of %d blocks do not fit", x.groups, x.groupBlocks)
	}
	x.dirBlock = x.block << dirLog
	if start := be.Uint64(sb[48:]); start != 0 {
		if at, err := x.blockAt(start); err == nil {
			x.logStart, x.logSize = at, int64(be.Uint32(sb[96:]))*x.block
		}
	}
	return x, nil
}

// FoldsCase implements FS.
func (*xfs) FoldsCase() bool { return false }

// Root implements FS.
func (x *xfs) Root() (Node, error) { return x.inode(x.root) }

// blockAt is the byte at which a block lies, whose number has that of its group
// in the upper bits.
func (x *xfs) blockAt(number uint64) (int64, error) {
	group, inside := number>>x.groupLog, int64(number&(1<<x.groupLog-1))
	if group >= uint64(x.groups) || inside >= x.groupBlocks {
		return 0, corrupt("a pointer leads to block %d", number)
	}
	at := (int64(group)*x.groupBlocks + inside) * x.block
	if at > x.size-x.block {
		return 0, corrupt("a pointer leads to block %d", number)
	}
	return at, nil
}

type xfsInode struct {
	fs      *xfs
	info    Info
	format  byte
	extents uint64 // how many the fork has, with xfsFormatExtents
	flags   uint16
	fork    []byte // of the data
}

func (x *xfs) inode(number uint64) (*xfsInode, error) {
	be := binary.BigEndian
	at, err := x.blockAt(number >> x.inodeLog)
	if err != nil {
		return nil, err
	}
	raw, err := readAt(x.device, at+int64(number&(1<<x.inodeLog-1))*x.inodeSize, x.inodeSize)
	if err != nil {
		return nil, err
	}
	if string(raw[:2]) != "IN" {
		return nil, corrupt("inode %d is none", number)
	}
	node := &xfsInode{
		fs: x, format: raw[5], flags: be.Uint16(raw[90:]), extents: uint64(be.Uint32(raw[76:])),
		info: Info{
			Mode: unixMode(be.Uint16(raw[2:])), Size: int64(be.Uint64(raw[56:])),
			UID: int(be.Uint32(raw[8:])), GID: int(be.Uint32(raw[12:])),
		},
	}
	start := 100
	if raw[4] >= 3 {
		start = 176
		if be.Uint64(raw[120:])&xfsManyExtents != 0 {
			node.extents = be.Uint64(raw[24:])
		}
	}
	end := len(raw)
	if offset := int(raw[82]); offset != 0 {
		end = start + 8*offset
	}
	if end > len(raw) || node.info.Size < 0 {
		return nil, corrupt("inode %d contradicts itself", number)
	}
	node.fork = raw[start:end]
	return node, nil
}

// Info implements Node.
func (n *xfsInode) Info() Info { return n.info }

// ReadAt implements Node.
func (n *xfsInode) ReadAt(p []byte, off int64) (int, error) {
	if !n.info.Mode.IsRegular() {
		return 0, errNoFile
	}
	return n.read(p, off, n.info.Size)
}

func (n *xfsInode) read(p []byte, off, size int64) (int, error) {
	if n.flags&xfsRealtime != 0 {
		return 0, unsupported("a file on a realtime device")
	}
	return readRuns(n.fs.device, size, p, off, n.locate)
}

// xfsExtent is a run of blocks of a file.
type xfsExtent struct {
	first, count int64
	start        uint64
	unwritten    bool
}

func parseXFSExtent(raw []byte) xfsExtent {
	high, low := binary.BigEndian.Uint64(raw), binary.BigEndian.Uint64(raw[8:])
	return xfsExtent{
		first: int64(high >> 9 & (1<<54 - 1)), count: int64(low & (1<<21 - 1)),
		start: high&(1<<9-1)<<43 | low>>21, unwritten: high>>63 != 0,
	}
}

// locate finds what lies at a byte of the file.
func (n *xfsInode) locate(off int64) (run, error) {
	x := n.fs
	logical, inside := off/x.block, off%x.block
	found, next, err := n.extent(logical)
	if err != nil {
		return run{}, err
	}
	if logical >= found.first+found.count { // behind it, or there is none
		return run{length: (next-logical)*x.block - inside, hole: true}, nil
	}
	length := (found.first+found.count-logical)*x.block - inside
	if found.unwritten {
		return run{length: length, hole: true}, nil
	}
	start, err := x.blockAt(found.start)
	if err != nil {
		return run{}, err
	}
	return run{offset: start + (logical-found.first)*x.block + inside, length: length}, nil
}

// xfsLastBlock lies behind every block of a file.
const xfsLastBlock = int64(1) << 54

// extent finds the last extent that begins at a block or before it, and where
// the one behind that begins.
func (n *xfsInode) extent(logical int64) (found xfsExtent, next int64, err error) {
	records := n.fork
	switch n.format {
	case xfsFormatExtents:
		if n.extents > uint64(len(n.fork)/16) {
			return found, 0, corrupt("an inode has %d extents", n.extents)
		}
		records = n.fork[:16*n.extents]
		next = xfsLastBlock
	case xfsFormatBtree:
		if records, next, err = n.leaf(logical); err != nil {
			return found, 0, err
		}
	default:
		return found, 0, corrupt("a file has data of kind %d", n.format)
	}
	for ; len(records) >= 16; records = records[16:] {
		extent := parseXFSExtent(records)
		if extent.first > logical {
			return found, extent.first, nil
		}
		found = extent
	}
	return found, next, nil
}

// leaf finds the records of the leaf in the tree of extents that a block belongs
// to, and where the next leaf begins.
func (n *xfsInode) leaf(logical int64) (records []byte, next int64, err error) {
	be := binary.BigEndian
	next = xfsLastBlock
	if len(n.fork) < 4 {
		return nil, 0, corrupt("a tree of extents has no root")
	}
	level, count := int(be.Uint16(n.fork)), int(be.Uint16(n.fork[2:]))
	body := n.fork[4:]
	if level < 1 || level > xfsMaxLevels {
		return nil, 0, corrupt("a tree of extents is %d deep", level)
	}
	for ; level > 0; level-- {
		most := len(body) / 16
		if count < 1 || count > most {
			return nil, 0, corrupt("a tree of extents has a node of %d", count)
		}
		chosen := 0
		for i := range count {
			first := int64(be.Uint64(body[8*i:]))
			if first > logical && i > 0 {
				next = min(next, first)
				break
			}
			chosen = i
		}
		at, err := n.fs.blockAt(be.Uint64(body[8*most+8*chosen:]))
		if err != nil {
			return nil, 0, err
		}
		block, err := readAt(n.fs.device, at, n.fs.block)
		if err != nil {
			return nil, 0, err
		}
		header := 24
		if string(block[:4]) == "BMA3" {
			header = 72
		} else if string(block[:4]) != "BMAP" {
			return nil, 0, corrupt("a tree of extents has no node where one is said to be")
		}
		if int(be.Uint16(block[4:])) != level-1 {
			return nil, 0, corrupt("a tree of extents has a node of the wrong level")
		}
		count, body = int(be.Uint16(block[6:])), block[header:]
	}
	if count > len(body)/16 {
		return nil, 0, corrupt("a tree of extents has a leaf of %d", count)
	}
	return body[:16*count], next, nil
}

// Readlink implements Node.
func (n *xfsInode) Readlink() (string, error) {
	switch {
	case n.info.Mode.Type() != fs.ModeSymlink:
		return "", errNoLink
	case n.info.Size > maxTarget || n.format == xfsFormatLocal && n.info.Size > int64(len(n.fork)):
		return "", corrupt("a symbolic link of %d bytes", n.info.Size)
	case n.format == xfsFormatLocal:
		return string(n.fork[:n.info.Size]), nil
	}
	header := int64(0)
	if n.fs.version5 {
		header = xfsSymlinkHeader
		if n.info.Size > n.fs.block-header {
			return "", unsupported("a symbolic link over several blocks")
		}
	}
	data := make([]byte, header+n.info.Size)
	if _, err := n.read(data, 0, int64(len(data))); err != nil {
		return "", err
	}
	if header > 0 && string(data[:4]) != "XSLM" {
		return "", corrupt("a symbolic link has no target")
	}
	return string(data[header:]), nil
}

// Open implements Node.
func (n *xfsInode) Open(entry Entry) (Node, error) { return n.fs.inode(entry.id) }
