package blockfs

import (
	"bytes"
	"encoding/binary"
	"math"
)

// ntfsStream is the content of an attribute.
type ntfsStream struct {
	resident    []byte
	runs        []ntfsRun
	size        int64 // bytes
	initialized int64 // bytes; what follows is empty
	flags       uint16
}

// ntfsRun is clusters that follow each other, or a hole.
type ntfsRun struct {
	first, count, start int64
	hole                bool
}

// streamOf puts the parts of an attribute together. One that is not there has no
// size.
func (n *ntfs) streamOf(records []ntfsRecord, kind uint32, name string) (ntfsStream, error) {
	le := binary.LittleEndian
	var stream ntfsStream
	for _, record := range records {
		err := record.attributes(func(found uint32, foundName string, attribute []byte) error {
			if found != kind || foundName != name {
				return nil
			}
			stream.flags |= le.Uint16(attribute[12:])
			if attribute[8] == 0 {
				length, at := le.Uint32(attribute[16:]), le.Uint16(attribute[20:])
				if uint64(at)+uint64(length) > uint64(len(attribute)) {
					return corrupt("an attribute's content lies outside of it")
				}
				stream.resident = attribute[at:][:length]
				stream.size, stream.initialized = int64(length), int64(length)
				return nil
			}
			if len(attribute) < 64 {
				return corrupt("an attribute of %d bytes", len(attribute))
			}
			first := le.Uint64(attribute[16:])
			if first == 0 {
				stream.size, stream.initialized = int64(le.Uint64(attribute[48:])), int64(le.Uint64(attribute[56:]))
				if stream.size < 0 || stream.initialized < 0 || stream.initialized > stream.size {
					return corrupt("an attribute has %d bytes of %d", stream.initialized, stream.size)
				}
			}
			at := int(le.Uint16(attribute[32:]))
			if at > len(attribute) || first > math.MaxInt64/2 {
				return corrupt("an attribute's places lie outside of it")
			}
			return n.appendRuns(&stream, int64(first), attribute[at:])
		})
		if err != nil {
			return ntfsStream{}, err
		}
	}
	return stream, nil
}

// appendRuns decodes the places of an attribute: lengths, and distances to the
// place before, each with as many bytes as they need.
func (n *ntfs) appendRuns(stream *ntfsStream, first int64, raw []byte) error {
	if len(stream.runs) > 0 {
		if last := stream.runs[len(stream.runs)-1]; last.first+last.count != first {
			return corrupt("an attribute lacks a part")
		}
	} else if first != 0 {
		return corrupt("an attribute lacks its beginning")
	}
	clusters := n.size / n.cluster
	at := int64(0)
	for len(raw) > 0 && raw[0] != 0 {
		lengths, distances := int(raw[0]&0xF), int(raw[0]>>4)
		if lengths == 0 || lengths > 8 || distances > 8 || 1+lengths+distances > len(raw) {
			return corrupt("an attribute's places make no sense")
		}
		count, distance := signed(raw[1:][:lengths]), signed(raw[1+lengths:][:distances])
		raw = raw[1+lengths+distances:]
		found := ntfsRun{first: first, count: count, hole: distances == 0}
		if !found.hole {
			at += distance
			found.start = at
		}
		if count <= 0 || count > math.MaxInt64/2-first || !found.hole && (at < 0 || count > clusters || at > clusters-count) {
			return corrupt("an attribute is said to lie in cluster %d", at)
		}
		if len(stream.runs) > ntfsMaxRuns {
			return corrupt("an attribute has too many pieces")
		}
		stream.runs = append(stream.runs, found)
		first += count
	}
	return nil
}

// signed is a number in the order of little-endian machines.
func signed(raw []byte) int64 {
	value := int64(0)
	for n := len(raw) - 1; n >= 0; n-- {
		value = value<<8 | int64(raw[n])
		if n == len(raw)-1 {
			value = int64(int8(raw[n]))
		}
	}
	return value
}

// read reads from an attribute.
func (n *ntfs) read(stream ntfsStream, p []byte, off int64) (int, error) {
	if stream.flags&(ntfsCompressed|ntfsEncrypted) != 0 {
		return 0, unsupported("a compressed or encrypted file")
	}
	if stream.runs == nil {
		return bytes.NewReader(stream.resident).ReadAt(p, off)
	}
	return readRuns(n.device, stream.size, p, off, func(off int64) (run, error) {
		if off >= stream.initialized {
			return run{length: stream.size - off, hole: true}, nil
		}
		logical, inside := off/n.cluster, off%n.cluster
		low, high := 0, len(stream.runs)
		for low < high {
			if middle := (low + high) / 2; stream.runs[middle].first+stream.runs[middle].count <= logical {
				low = middle + 1
			} else {
				high = middle
			}
		}
		if low == len(stream.runs) {
			return run{}, corrupt("a file is longer than its places")
		}
		found := stream.runs[low]
		left := min(found.first+found.count-logical, 1<<40/n.cluster)
		length := min(left*n.cluster-inside, stream.initialized-off)
		return run{offset: (found.start+logical-found.first)*n.cluster + inside, length: length, hole: found.hole}, nil
	})
}
