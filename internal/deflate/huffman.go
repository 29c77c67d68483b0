package deflate

import (
	"math/bits"
	"slices"
)

// code is a canonical Huffman code of up to literalCount symbols. A symbol of
// length 0 has no code.
type code struct {
	lengths [288]uint8
	bits    [288]uint16 // in the order in which they are written

	sorted [288]uint32 // scratch: frequency<<9 | symbol
	depths [288]uint32 // scratch
}

// build makes the best code of at most limit bits for the frequencies, each
// below 1<<23. It has two symbols at least: readers refuse incomplete codes.
func (c *code) build(frequencies []uint32, limit int) {
	used := c.sorted[:0]
	for symbol, f := range frequencies {
		c.lengths[symbol] = 0
		if f > 0 {
			used = append(used, f<<9|uint32(symbol))
		}
	}
	for symbol := 0; len(used) < 2; symbol++ {
		if frequencies[symbol] == 0 {
			used = append(used, 1<<9|uint32(symbol))
		}
	}
	slices.Sort(used)
	c.measure(used, limit)
	c.assign(len(frequencies), limit)
}

// measure sets the lengths of the used symbols, which are sorted by frequency.
func (c *code) measure(used []uint32, limit int) {
	depths := c.depths[:len(used)]
	for n, u := range used {
		depths[n] = u >> 9
	}
	treeDepths(depths)

	// Codes that are too long are cut, and others made longer until all of
	// them fit together.
	var counts [32]int
	for _, d := range depths {
		counts[min(int(d), limit)]++
	}
	total := 0
	for length := 1; length <= limit; length++ {
		total += counts[length] << (limit - length)
	}
	for total > 1<<limit {
		length := limit - 1
		for counts[length] == 0 {
			length--
		}
		counts[length]--
		counts[length+1] += 2
		counts[limit]--
		total--
	}
	// The rarest symbols come first.
	n := 0
	for length := limit; length > 0; length-- {
		for range counts[length] {
			c.lengths[used[n]&511] = uint8(length)
			n++
		}
	}
}

// treeDepths replaces weights, which rise, by the depths of their leaves in a
// Huffman tree, in place (Moffat and Katajainen, 1995).
func treeDepths(a []uint32) {
	n := len(a)
	// Weights become those of inner nodes, then the parents of inner nodes.
	a[0] += a[1]
	root, leaf := 0, 2
	for next := 1; next < n-1; next++ {
		if leaf >= n || a[root] < a[leaf] {
			a[next] = a[root]
			a[root] = uint32(next)
			root++
		} else {
			a[next] = a[leaf]
			leaf++
		}
		if leaf >= n || (root < next && a[root] < a[leaf]) {
			a[next] += a[root]
			a[root] = uint32(next)
			root++
		} else {
			a[next] += a[leaf]
			leaf++
		}
	}
	// Parents become depths of inner nodes.
	a[n-2] = 0
	for next := n - 3; next >= 0; next-- {
		a[next] = a[a[next]] + 1
	}
	// Depths of inner nodes become depths of leaves.
	available, depth := 1, uint32(0)
	root, next := n-2, n-1
	for available > 0 {
		inner := 0
		for root >= 0 && a[root] == depth {
			inner++
			root--
		}
		for available > inner {
			a[next] = depth
			next--
			available--
		}
		available = 2 * inner
		depth++
	}
}

// assign numbers the codes by length and symbol.
func (c *code) assign(symbols, limit int) {
	var counts, next [17]uint32
	for _, length := range c.lengths[:symbols] {
		counts[length]++
	}
	counts[0] = 0
	for length := 1; length <= limit; length++ {
		next[length] = (next[length-1] + counts[length-1]) << 1
	}
	for symbol, length := range c.lengths[:symbols] {
		if length > 0 {
			c.bits[symbol] = bits.Reverse16(uint16(next[length])) >> (16 - length)
			next[length]++
		}
	}
}

// initFixed makes the codes of RFC 1951, 3.2.6.
func initFixed() {
	for symbol := range fixedLiterals.lengths {
		switch {
		case symbol < 144:
			fixedLiterals.lengths[symbol] = 8
		case symbol < 256:
			fixedLiterals.lengths[symbol] = 9
		case symbol < 280:
			fixedLiterals.lengths[symbol] = 7
		default:
			fixedLiterals.lengths[symbol] = 8
		}
	}
	fixedLiterals.assign(288, 9)
	for symbol := range 32 {
		fixedDistances.lengths[symbol] = 5
	}
	fixedDistances.assign(32, 5)
}
