package blockfs

import (
	"encoding/binary"
	"io"
	"io/fs"
)

// The parts of ext2, ext3 and ext4 as Documentation/filesystems/ext4 of the
// kernel describes them.
const (
	extMagic      = 0xEF53
	extSuperblock = 1024 // where it lies, and how long it is, in bytes
	extRoot       = 2    // the root's inode

	extCompatJournal = 0x4

	extFiletype   = 0x2
	extRecover    = 0x4
	extJournalDev = 0x8
	extMetaBG     = 0x10
	ext64Bit      = 0x80
	// extReadable are the incompatible features that are understood here, or
	// change nothing for a reader: FILETYPE, RECOVER, META_BG, EXTENTS, 64BIT,
	// MMP, FLEX_BG, EA_INODE, CSUM_SEED, LARGEDIR, ENCRYPT, CASEFOLD.
	extReadable = extFiletype | extRecover | extMetaBG | 0x40 | ext64Bit | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x10000 | 0x20000

	extInodeExtents   = 0x80000
	extInodeEncrypted = 0x800
	extExtentMagic    = 0xF30A
	extMaxDepth       = 5
)

type ext struct {
	device         io.ReaderAt
	size           int64
	block          int64 // bytes
	blocks         int64
	firstBlock     int64
	blocksPerGroup int64
	inodes         int64
	inodesPerGroup int64
	inodeSize      int64
	descriptor     int64 // bytes
	firstMeta      int64 // the first block of descriptors that lies in its own groups; -1 for none
	fileTypes      bool
}

func openExt(device io.ReaderAt, size int64) (*ext, error) {
	sb, err := readAt(device, extSuperblock, extSuperblock)
	if err != nil {
		return nil, err
	}
	return parseExt(device, size, sb)
}

func parseExt(device io.ReaderAt, size int64, sb []byte) (*ext, error) {
	le := binary.LittleEndian
	long := func(at int) int64 { return int64(le.Uint32(sb[at:])) }
	incompatible := le.Uint32(sb[0x60:])
	revision := long(0x4C)
	if le.Uint16(sb[0x38:]) != extMagic {
		return nil, corrupt("no ext superblock")
	}
	if revision > 0 && incompatible&^uint32(extReadable) != 0 {
		return nil, unsupported("an ext file system with unusual features")
	}
	if long(0x18) > 6 {
		return nil, corrupt("blocks of 2^%d bytes", 10+long(0x18))
	}
	e := &ext{
		device: device, size: size, block: 1024 << long(0x18), blocks: long(0x04), firstBlock: long(0x14),
		blocksPerGroup: long(0x20), inodes: long(0x00), inodesPerGroup: long(0x28),
		inodeSize: 128, descriptor: 32, firstMeta: -1,
	}
	if revision > 0 {
		e.inodeSize = int64(le.Uint16(sb[0x58:]))
		e.fileTypes = incompatible&extFiletype != 0
		if incompatible&ext64Bit != 0 {
			e.blocks |= long(0x150) << 32
			e.descriptor = int64(le.Uint16(sb[0xFE:]))
		}
		if incompatible&extMetaBG != 0 {
			e.firstMeta = long(0x104)
		}
	}
	switch {
	case e.blocks <= 0 || e.blocks > size/e.block:
		return nil, corrupt("%d blocks of %d bytes do not fit", e.blocks, e.block)
	case e.blocksPerGroup == 0 || e.blocksPerGroup > 8*e.block, e.inodesPerGroup == 0 || e.inodesPerGroup > 8*e.block:
		return nil, corrupt("groups of %d blocks and %d inodes", e.blocksPerGroup, e.inodesPerGroup)
	case e.inodeSize < 128 || e.inodeSize > e.block || e.descriptor < 32 || e.descriptor > e.block:
		return nil, corrupt("inodes of %d bytes and descriptors of %d", e.inodeSize, e.descriptor)
	case e.firstBlock > 1:
		return nil, corrupt("the first block is %d", e.firstBlock)
	}
	return e, nil
}

// FoldsCase implements FS. Directories that fold case have a flag, which is
// almost never set and not needed by a guest's system files.
func (*ext) FoldsCase() bool { return false }

// Root implements FS.
func (e *ext) Root() (Node, error) { return e.inode(extRoot) }

// descriptorAt is where the descriptor of a group lies.
func (e *ext) descriptorAt(group int64) int64 {
	perBlock := e.block / e.descriptor
	n := group / perBlock
	block := e.firstBlock + 1 + n
	if e.firstMeta >= 0 && n >= e.firstMeta {
		first := n * perBlock
		block = e.firstBlock + first*e.blocksPerGroup
		if e.hasSuperblock(first) {
			block++
		}
	}
	return block*e.block + group%perBlock*e.descriptor
}

// hasSuperblock says that a group has a copy of the superblock, as with the
// feature sparse_super: every file system with META_BG has that.
func (*ext) hasSuperblock(group int64) bool {
	if group <= 1 {
		return true
	}
	for _, base := range []int64{3, 5, 7} {
		power := base
		for power < group {
			power *= base
		}
		if power == group {
			return true
		}
	}
	return false
}

// readBlock reads a block, which must be one of the file system.
func (e *ext) readBlock(n int64) ([]byte, error) {
	if n <= 0 || n >= e.blocks {
		return nil, corrupt("a pointer leads to block %d", n)
	}
	return readAt(e.device, n*e.block, e.block)
}

type extInode struct {
	fs    *ext
	info  Info
	flags uint32
	root  [60]byte // i_block
}

func (e *ext) inode(number uint64) (*extInode, error) {
	if number == 0 || number > uint64(e.inodes) {
		return nil, corrupt("a directory names inode %d", number)
	}
	le := binary.LittleEndian
	group, index := (int64(number)-1)/e.inodesPerGroup, (int64(number)-1)%e.inodesPerGroup
	descriptor, err := readAt(e.device, e.descriptorAt(group), e.descriptor)
	if err != nil {
		return nil, err
	}
	table := int64(le.Uint32(descriptor[0x08:]))
	if len(descriptor) >= 64 {
		table |= int64(le.Uint32(descriptor[0x28:])) << 32
	}
	if table <= 0 || table >= e.blocks {
		return nil, corrupt("the inodes of group %d are said to lie in block %d", group, table)
	}
	raw, err := readAt(e.device, table*e.block+index*e.inodeSize, 128)
	if err != nil {
		return nil, err
	}
	node := &extInode{fs: e, flags: le.Uint32(raw[0x20:]), info: Info{
		Mode: unixMode(le.Uint16(raw)),
		Size: int64(le.Uint32(raw[0x04:])),
		UID:  int(le.Uint16(raw[0x02:])) | int(le.Uint16(raw[0x78:]))<<16,
		GID:  int(le.Uint16(raw[0x18:])) | int(le.Uint16(raw[0x7A:]))<<16,
	}}
	if node.info.Mode.IsRegular() || node.info.Mode.IsDir() {
		node.info.Size |= int64(le.Uint32(raw[0x6C:])) << 32
	}
	if node.info.Size < 0 {
		return nil, corrupt("inode %d has a negative size", number)
	}
	copy(node.root[:], raw[0x28:])
	return node, nil
}

// Info implements Node.
func (n *extInode) Info() Info { return n.info }

// ReadAt implements Node.
func (n *extInode) ReadAt(p []byte, off int64) (int, error) {
	if !n.info.Mode.IsRegular() {
		return 0, errNoFile
	}
	return n.read(p, off)
}

func (n *extInode) read(p []byte, off int64) (int, error) {
	if n.flags&extInodeEncrypted != 0 {
		return 0, unsupported("an encrypted file")
	}
	return readRuns(n.fs.device, n.info.Size, p, off, n.locate)
}

// locate finds what lies at a byte of the file.
func (n *extInode) locate(off int64) (run, error) {
	e := n.fs
	logical, inside := off/e.block, off%e.block
	find := n.indirect
	if n.flags&extInodeExtents != 0 {
		find = n.extent
	}
	physical, count, err := find(logical)
	switch {
	case err != nil:
		return run{}, err
	case physical == 0:
		return run{length: count*e.block - inside, hole: true}, nil
	case physical < 0 || count <= 0 || physical > e.blocks-count:
		return run{}, corrupt("a file is said to lie in block %d", physical)
	}
	return run{offset: physical*e.block + inside, length: count*e.block - inside}, nil
}

// extent finds a block in the tree of extents: where it lies, 0 in a hole, and
// how many blocks go on like it.
func (n *extInode) extent(logical int64) (physical, count int64, err error) {
	le := binary.LittleEndian
	node, depth := n.root[:], -1
	limit := int64(1) << 32 // the first block behind what the node is about
	if logical >= limit {
		return 0, 0, corrupt("a file has more blocks than can be")
	}
	for range extMaxDepth + 1 {
		entries, level := int(le.Uint16(node[2:])), int(le.Uint16(node[6:]))
		switch {
		case le.Uint16(node) != extExtentMagic || 12+12*entries > len(node):
			return 0, 0, corrupt("a file's extents are not where they are said to be")
		case depth >= 0 && level != depth-1 || level > extMaxDepth:
			return 0, 0, corrupt("a file's tree of extents is %d deep", level)
		}
		depth = level
		var chosen []byte
		for i := range entries {
			entry := node[12+12*i:][:12]
			if first := int64(le.Uint32(entry)); first > logical {
				limit = min(limit, first)
				break
			}
			chosen = entry
		}
		if chosen == nil {
			return 0, limit - logical, nil
		}
		if depth > 0 {
			child := int64(le.Uint32(chosen[4:])) | int64(le.Uint16(chosen[8:]))<<32
			if node, err = n.fs.readBlock(child); err != nil {
				return 0, 0, err
			}
			continue
		}
		first, length := int64(le.Uint32(chosen)), int64(le.Uint16(chosen[4:]))
		start := int64(le.Uint32(chosen[8:])) | int64(le.Uint16(chosen[6:]))<<32
		unwritten := length > 1<<15
		if unwritten {
			length -= 1 << 15
		}
		if logical >= first+length {
			return 0, limit - logical, nil
		}
		if unwritten {
			return 0, first + length - logical, nil
		}
		return start + logical - first, first + length - logical, nil
	}
	return 0, 0, corrupt("a file's tree of extents has no end")
}

// indirect finds a block by the pointers of ext2 and ext3.
func (n *extInode) indirect(logical int64) (physical, count int64, err error) {
	le := binary.LittleEndian
	if logical < 12 {
		return int64(le.Uint32(n.root[4*logical:])), 1, nil
	}
	logical -= 12
	perBlock := n.fs.block / 4
	for level, span := 1, perBlock; level <= 3; level, span = level+1, span*perBlock {
		if logical >= span {
			logical -= span
			continue
		}
		pointer := int64(le.Uint32(n.root[4*(11+level):]))
		for span > 1 {
			if pointer == 0 {
				return 0, span - logical%span, nil
			}
			block, err := n.fs.readBlock(pointer)
			if err != nil {
				return 0, 0, err
			}
			span /= perBlock
			pointer = int64(le.Uint32(block[4*(logical/span%perBlock):]))
		}
		return pointer, 1, nil
	}
	return 0, 0, corrupt("a file has more blocks than can be")
}

// Readlink implements Node.
func (n *extInode) Readlink() (string, error) {
	switch {
	case n.info.Mode.Type() != fs.ModeSymlink:
		return "", errNoLink
	case n.flags&extInodeExtents == 0 && n.info.Size < int64(len(n.root)) && n.flags&extInodeEncrypted == 0:
		return string(n.root[:n.info.Size]), nil
	case n.info.Size > maxTarget:
		return "", corrupt("a symbolic link of %d bytes", n.info.Size)
	}
	target := make([]byte, n.info.Size)
	if _, err := n.read(target, 0); err != nil {
		return "", err
	}
	return string(target), nil
}

// ReadDir implements Node. The blocks of an index look like unused ones.
func (n *extInode) ReadDir() ([]Entry, error) {
	switch {
	case !n.info.Mode.IsDir():
		return nil, errNoDirectory
	case n.info.Size > maxDirectory:
		return nil, corrupt("a directory of %d bytes", n.info.Size)
	}
	data := make([]byte, n.info.Size)
	if _, err := n.read(data, 0); err != nil {
		return nil, err
	}
	var entries []Entry
	for len(data) > 0 {
		block := data[:min(int64(len(data)), n.fs.block)]
		data = data[len(block):]
		var err error
		if entries, err = n.fs.appendEntries(entries, block); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func (e *ext) appendEntries(entries []Entry, block []byte) ([]Entry, error) {
	le := binary.LittleEndian
	for len(block) >= 8 {
		inode, length, name := le.Uint32(block), int(le.Uint16(block[4:])), int(block[6])
		if !e.fileTypes {
			name |= int(block[7]) << 8
		}
		if length == 0 && e.block == 1<<16 || length == 1<<16-1 {
			length = len(block) // there is no other way to write 64 KiB
		}
		if length < 8 || length > len(block) || 8+name > length {
			return nil, corrupt("a directory has an entry of %d bytes", length)
		}
		if text := string(block[8:][:name]); inode != 0 && text != "." && text != ".." {
			entries = append(entries, Entry{Name: text, id: uint64(inode)})
		}
		block = block[length:]
	}
	return entries, nil
}

// Open implements Node.
func (n *extInode) Open(entry Entry) (Node, error) { return n.fs.inode(entry.id) }
