package deflate

import (
	"encoding/binary"
	"math/bits"
)

const (
	hash3Bits = 13
	hash4Bits = 14
)

// finder finds earlier occurrences of the bytes at a position: the latest one
// of three bytes, and all those of four within the window.
type finder struct {
	src []byte
	// base is what position 0 of src is in the tables: entries of earlier
	// blocks are below and need not be cleared.
	base  uint32
	head3 [1 << hash3Bits]uint32
	head4 [1 << hash4Bits]uint32
	prev  [Window]uint32
}

// reset begins a new block.
func (f *finder) reset(src []byte) {
	next := uint64(f.base) + uint64(len(f.src)) + Window
	if next+uint64(len(src)) > 1<<32-1 || f.base == 0 {
		clear(f.head3[:])
		clear(f.head4[:])
		next = Window
	}
	f.base = uint32(next) &^ (Window - 1)
	f.src = src
}

// tail is how many bytes at the end of a block can begin no match.
const tail = 4

// insert enters a position that ends tail bytes before the end or earlier.
func (f *finder) insert(i int) {
	v := binary.LittleEndian.Uint32(f.src[i:])
	f.head3[v<<8*506832829>>(32-hash3Bits)] = f.base + uint32(i)
	h := v * 2654435761 >> (32 - hash4Bits)
	f.prev[i&(Window-1)] = f.head4[h]
	f.head4[h] = f.base + uint32(i)
}

// skip enters the positions from i up to end.
func (f *finder) skip(i, end int) {
	for end = min(end, len(f.src)-tail+1); i < end; i++ {
		f.insert(i)
	}
}

// longest enters position i and returns the longest match that begins there,
// if it is longer than least, 2 or more; else 0. At most depth candidates are
// looked at, and none after one of nice bytes. limit is how long a match may be.
func (f *finder) longest(i, least, limit, nice, depth int) (length, distance int) {
	src := f.src
	v := binary.LittleEndian.Uint32(src[i:])
	position := f.base + uint32(i)
	low := position - Window
	if i < Window {
		low = f.base
	}
	h3 := v << 8 * 506832829 >> (32 - hash3Bits)
	h4 := v * 2654435761 >> (32 - hash4Bits)
	near, next := f.head3[h3], f.head4[h4]
	f.head3[h3], f.head4[h4] = position, position
	f.prev[i&(Window-1)] = next

	length = least
	if least < minMatch && near >= low && limit >= minMatch {
		if c := int(near - f.base); (binary.LittleEndian.Uint32(src[c:])^v)<<8 == 0 {
			length, distance = minMatch, i-c
		}
	}
	if limit <= length {
		return found(length, distance)
	}
	length = max(length, minMatch)
	nice = min(nice, limit)
	for ; next >= low && depth > 0; depth-- {
		c := int(next - f.base)
		if length >= limit {
			break
		}
		// The byte that would make it longer decides most often.
		if src[c+length] == src[i+length] && binary.LittleEndian.Uint32(src[c:]) == v {
			if n := f.common(c, i, limit); n > length {
				length, distance = n, i-c
				if n >= nice {
					break
				}
			}
		}
		previous := f.prev[c&(Window-1)]
		if previous >= next {
			break
		}
		next = previous
	}
	return found(length, distance)
}

// all enters position i and appends the matches that begin there, from the
// nearest on, each longer than the ones before.
func (f *finder) all(to []candidate, i, limit, nice, depth int) []candidate {
	src := f.src
	v := binary.LittleEndian.Uint32(src[i:])
	position := f.base + uint32(i)
	low := position - Window
	if i < Window {
		low = f.base
	}
	h3 := v << 8 * 506832829 >> (32 - hash3Bits)
	h4 := v * 2654435761 >> (32 - hash4Bits)
	near, next := f.head3[h3], f.head4[h4]
	f.head3[h3], f.head4[h4] = position, position
	f.prev[i&(Window-1)] = next

	length := minMatch - 1
	if near >= low && limit >= minMatch {
		if c := int(near - f.base); (binary.LittleEndian.Uint32(src[c:])^v)<<8 == 0 {
			length = minMatch
			to = append(to, candidate{minMatch, uint16(i - c)})
		}
	}
	length = max(length, minMatch)
	for ; next >= low && depth > 0 && length < limit; depth-- {
		c := int(next - f.base)
		if src[c+length] == src[i+length] && binary.LittleEndian.Uint32(src[c:]) == v {
			if n := f.common(c, i, limit); n > length {
				length = n
				to = append(to, candidate{uint16(n), uint16(i - c)})
				if n >= nice {
					break
				}
			}
		}
		previous := f.prev[c&(Window-1)]
		if previous >= next {
			break
		}
		next = previous
	}
	return to
}

func found(length, distance int) (int, int) {
	if distance == 0 {
		return 0, 0
	}
	return length, distance
}

// common is how many bytes at c and i are the same, 4 at least and limit at
// most.
func (f *finder) common(c, i, limit int) int {
	src := f.src
	n := 4
	for n+8 <= limit {
		if x := binary.LittleEndian.Uint64(src[c+n:]) ^ binary.LittleEndian.Uint64(src[i+n:]); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		n += 8
	}
	for n < limit && src[c+n] == src[i+n] {
		n++
	}
	return n
}
