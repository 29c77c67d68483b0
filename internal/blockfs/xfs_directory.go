package blockfs

import "encoding/binary"

// ReadDir implements Node. Whatever finds names in large directories lies behind
// the blocks that hold them.
func (n *xfsInode) ReadDir() ([]Entry, error) {
	switch {
	case !n.info.Mode.IsDir():
		return nil, errNoDirectory
	case n.info.Size > maxDirectory:
		return nil, corrupt("a directory of %d bytes", n.info.Size)
	case n.format == xfsFormatLocal:
		return n.fs.shortEntries(n.fork)
	}
	var entries []Entry
	block := make([]byte, n.fs.dirBlock)
	for off := int64(0); off < n.info.Size; off += n.fs.dirBlock {
		if _, err := n.read(block, off, off+n.fs.dirBlock); err != nil {
			return nil, err
		}
		var err error
		if entries, err = n.fs.appendEntries(entries, block); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// shortEntries reads a directory that lies in its inode.
func (x *xfs) shortEntries(fork []byte) ([]Entry, error) {
	bad := corrupt("a directory ends within an entry")
	if len(fork) < 2 {
		return nil, bad
	}
	count, inode := int(fork[0]), 4
	if fork[1] != 0 {
		inode, count = 8, max(count, int(fork[1]))
	}
	if len(fork) < 2+inode {
		return nil, bad
	}
	rest := fork[2+inode:]
	var entries []Entry
	for range count {
		if len(rest) < 3 {
			return nil, bad
		}
		name := int(rest[0])
		after := 3 + name
		if x.fileTypes {
			after++
		}
		if len(rest) < after+inode {
			return nil, bad
		}
		number := uint64(binary.BigEndian.Uint32(rest[after:]))
		if inode == 8 {
			number = binary.BigEndian.Uint64(rest[after:])
		}
		entries = append(entries, Entry{Name: string(rest[3:][:name]), id: number})
		rest = rest[after+inode:]
	}
	return entries, nil
}

// appendEntries reads a block of a directory. One in a hole has nothing.
func (x *xfs) appendEntries(entries []Entry, block []byte) ([]Entry, error) {
	be := binary.BigEndian
	header, tail := 16, false
	switch string(block[:4]) {
	case "XD2B":
		tail = true
	case "XDB3":
		header, tail = 64, true
	case "XD2D":
	case "XDD3":
		header = 64
	case "\x00\x00\x00\x00":
		return entries, nil
	default:
		return nil, corrupt("a directory has no block where one is said to be")
	}
	end := len(block)
	if tail {
		end -= 8 + 8*int(be.Uint32(block[end-8:]))
	}
	if end < header || end > len(block) {
		return nil, corrupt("a directory's index is larger than its block")
	}
	for rest := block[header:end]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, corrupt("a directory ends within an entry")
		}
		length := 0
		if be.Uint16(rest) == 0xFFFF { // unused
			length = int(be.Uint16(rest[2:]))
		} else if len(rest) >= 9 {
			length = 8 + 1 + int(rest[8]) + 2
			if x.fileTypes {
				length++
			}
			length = (length + 7) &^ 7
		}
		if length < 8 || length > len(rest) {
			return nil, corrupt("a directory has an entry of %d bytes", length)
		}
		if be.Uint16(rest) != 0xFFFF {
			if name := string(rest[9:][:rest[8]]); name != "." && name != ".." {
				entries = append(entries, Entry{Name: name, id: be.Uint64(rest)})
			}
		}
		rest = rest[length:]
	}
	return entries, nil
}
