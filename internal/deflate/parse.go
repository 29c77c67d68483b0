package deflate

import (
	"encoding/binary"
	"math/bits"
)

// effort is how hard a level tries.
type effort struct {
	grain  int // tokens: see blocks
	depth  int // candidates for each match
	nice   int // a match of so many bytes is good enough
	lazy   int // 0 takes every match, 1 and 2 look so many positions further for a better one
	passes int // of the optimal parse, if any
}

var efforts = [MaxLevel + 1]effort{
	1: {grain: 4096},
	2: {grain: 4096, depth: 2, nice: 32},
	3: {grain: 2048, depth: 4, nice: 32, lazy: 1},
	4: {grain: 1024, depth: 8, nice: 48, lazy: 1},
	5: {grain: 1024, depth: 16, nice: 64, lazy: 1},
	6: {grain: 1024, depth: 32, nice: 128, lazy: 1},
	7: {grain: 512, depth: 64, nice: 128, lazy: 2},
	8: {grain: 512, depth: 16, nice: 64, passes: 2},
	9: {grain: 512, depth: 48, nice: 128, passes: 3},
}

// parseFast looks at the latest four equal bytes alone, and at fewer positions
// the longer it finds nothing.
func parseFast(tokens []token, f *finder, start, end int) []token {
	src := f.src
	last := min(end, len(src)-tail+1)
	emitted := start
	for i := start; i < last; {
		v := binary.LittleEndian.Uint32(src[i:])
		h := v * 2654435761 >> (32 - hash4Bits)
		c := int(f.head4[h]) - int(f.base)
		f.head4[h] = f.base + uint32(i)
		if c < 0 || c < i-Window || binary.LittleEndian.Uint32(src[c:]) != v || end-i < 4 {
			i += 1 + (i-emitted)>>6
			continue
		}
		tokens = literals(tokens, src[emitted:i])
		length := f.common(c, i, min(maxMatch, end-i))
		tokens = append(tokens, match(length, i-c))
		i += length
		emitted = i
		for at := i - length + 1; at < min(i, last); at += 2 {
			v := binary.LittleEndian.Uint32(src[at:])
			f.head4[v*2654435761>>(32-hash4Bits)] = f.base + uint32(at)
		}
	}
	return literals(tokens, src[emitted:end])
}

// parseGreedy takes the match at every position.
func parseGreedy(tokens []token, f *finder, e effort, start, end int) []token {
	last := min(end, len(f.src)-tail+1)
	reach := reachOf(f.src[start:end])
	i := start
	for i < last {
		length, distance := f.longest(i, minMatch-1, min(maxMatch, end-i), e.nice, e.depth)
		if !reach.worth(length, distance) {
			tokens = append(tokens, token(f.src[i]))
			i++
			continue
		}
		tokens = append(tokens, match(length, distance))
		f.skip(i+1, i+length)
		i += length
	}
	return literals(tokens, f.src[i:end])
}

// reach is how far back a match of each length may be and still cost less than
// its bytes one by one.
type reach [8]int

// reachOf looks at some of the bytes.
func reachOf(src []byte) reach {
	var counts [256]uint32
	for i := 0; i < len(src); i += 5 {
		counts[src[i]]++
	}
	var sum float32
	for _, n := range counts {
		sum += nLogN(n)
	}
	total := uint32(len(src)+4) / 5
	entropy := (nLogN(total) - sum) / float32(max(total, 1))
	var r reach
	for length := range r {
		// A match takes a few bits, and the extra bits of its distance. Few,
		// because bytes that no match covers cost more than the average.
		spare := min(int(float32(length)*entropy)-5, 12)
		if length >= minMatch && spare >= 0 {
			r[length] = 1 << spare
		}
	}
	return r
}

// worth says whether a match costs less than its bytes.
func (r *reach) worth(length, distance int) bool {
	return length >= len(r) || distance <= r[length] && length >= minMatch
}

func literals(tokens []token, src []byte) []token {
	for _, b := range src {
		tokens = append(tokens, token(b))
	}
	return tokens
}

// parseLazy takes a match only if no better one begins right after it.
func parseLazy(tokens []token, f *finder, e effort, start, end int) []token {
	last := min(end, len(f.src)-tail+1)
	reach := reachOf(f.src[start:end])
	i := start
	for i < last {
		length, distance := f.longest(i, minMatch-1, min(maxMatch, end-i), e.nice, e.depth)
		if !reach.worth(length, distance) {
			tokens = append(tokens, token(f.src[i]))
			i++
			continue
		}
		searched := i + 1
	better:
		for length < e.nice {
			for ahead := 1; ahead <= e.lazy; ahead++ {
				at := i + ahead
				if at >= last {
					break better
				}
				if at < searched {
					continue
				}
				searched = at + 1
				l, d := f.longest(at, length-1, min(maxMatch, end-at), e.nice, e.depth>>ahead)
				if l > 0 && gain(length, distance, l, d) > 4*ahead-2 {
					tokens = literals(tokens, f.src[i:at])
					i, length, distance = at, l, d
					continue better
				}
			}
			break
		}
		tokens = append(tokens, match(length, distance))
		f.skip(searched, i+length)
		i += length
	}
	return literals(tokens, f.src[i:end])
}

// gain compares two matches, in bits roughly.
func gain(length, distance, otherLength, otherDistance int) int {
	return 4*(otherLength-length) + bits.Len(uint(distance)) - bits.Len(uint(otherDistance))
}
