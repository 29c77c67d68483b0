package deflate

import "math"

// blocks cuts tokens into blocks whose statistics differ enough to pay for
// codes of their own.
type blocks struct {
	list []block
}

// split counts the tokens by the grain, the least that can become a block, and
// joins neighbours as long as that makes them smaller. What it returns is valid
// until the next call.
func (s *blocks) split(tokens []token, grain int) []block {
	s.list = s.list[:0]
	for {
		n := min(len(tokens), grain)
		s.list = append(s.list, block{})
		s.list[len(s.list)-1].count(tokens[:n])
		if tokens = tokens[n:]; len(tokens) == 0 {
			break
		}
	}
	s.join()
	return s.list
}

// join merges the pair of neighbours that saves the most, again and again.
func (s *blocks) join() {
	saved := make([]float32, 0, 64)
	for n := range len(s.list) - 1 {
		saved = append(saved, s.list[n].saving(&s.list[n+1]))
	}
	for len(saved) > 0 {
		best := 0
		for n, s := range saved {
			if s > saved[best] {
				best = n
			}
		}
		if saved[best] < 0 {
			return
		}
		s.list[best].add(&s.list[best+1])
		s.list = append(s.list[:best+1], s.list[best+2:]...)
		saved = append(saved[:best], saved[best+1:]...)
		if best < len(saved) {
			saved[best] = s.list[best].saving(&s.list[best+1])
		}
		if best > 0 {
			saved[best-1] = s.list[best-1].saving(&s.list[best])
		}
	}
}

// count sets the block to the statistics of the tokens.
func (b *block) count(tokens []token) {
	b.tokens = len(tokens)
	for _, t := range tokens {
		if t.isMatch() {
			b.literals[t.lengthSymbol()]++
			b.distances[t.distanceSymbol()]++
		} else {
			b.literals[t&255]++
		}
	}
	b.cost = estimate(&b.literals, &b.distances)
}

// add takes the next block's tokens over.
func (b *block) add(next *block) {
	b.tokens += next.tokens
	for n, f := range next.literals {
		b.literals[n] += f
	}
	for n, f := range next.distances {
		b.distances[n] += f
	}
	b.cost = estimate(&b.literals, &b.distances)
}

// saving is how many bits smaller the two blocks are as one.
func (b *block) saving(next *block) float32 {
	var literals [literalCount]uint32
	var distances [distanceCount]uint32
	for n, f := range b.literals {
		literals[n] = f + next.literals[n]
	}
	for n, f := range b.distances {
		distances[n] = f + next.distances[n]
	}
	return b.cost + next.cost - estimate(&literals, &distances)
}

// logTable[n] is n times its logarithm to base 2.
var logTable = func() (t [4096]float32) {
	for n := 1; n < len(t); n++ {
		t[n] = float32(float64(n) * math.Log2(float64(n)))
	}
	return t
}()

func nLogN(n uint32) float32 {
	if n < uint32(len(logTable)) {
		return logTable[n]
	}
	return float32(float64(n) * math.Log2(float64(n)))
}

// The header of a block takes about this much, in bits: so much at all, and so
// much for each symbol in use.
const (
	headerBits = 60
	symbolBits = 3.5
)

// estimate is what a block with these frequencies takes, without the extra bits
// that do not depend on how it is cut.
func estimate(literals *[literalCount]uint32, distances *[distanceCount]uint32) float32 {
	return headerBits + entropy(literals[:]) + entropy(distances[:])
}

func entropy(frequencies []uint32) float32 {
	var total, used uint32
	var sum float32
	for _, f := range frequencies {
		if f > 0 {
			used++
			total += f
			sum += nLogN(f)
		}
	}
	return nLogN(total) - sum + symbolBits*float32(used)
}
