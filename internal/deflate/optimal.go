package deflate

import "math"

// optimal parses a segment into the tokens that cost the least, where the costs
// come from the parse before.
type optimal struct {
	found []candidate // of all positions, in their order
	upTo  [segment + 1]uint32
	cost  [segment + 1]uint32 // from a position to the end
	best  [segment]token
	block block

	literalCosts  [256]uint32
	lengthCosts   [maxMatch + 1]uint32
	distanceCosts [distanceCount]uint32
}

// candidate is a match that may be taken, or part of it.
type candidate struct {
	length   uint16
	distance uint16
}

// unit is how many of the units of cost are one bit.
const unit = 32

func (o *optimal) parse(tokens []token, f *finder, e effort, start, end int) []token {
	src := f.src[start:end]
	o.search(f, e, start, end)
	o.guess(src)
	for pass := range e.passes {
		if pass > 0 {
			o.block = block{}
			o.block.count(tokens)
			o.learn()
		}
		o.solve(src)
		tokens = tokens[:0]
		for i := 0; i < len(src); i += o.best[i].length() {
			tokens = append(tokens, o.best[i])
		}
	}
	return tokens
}

// search collects the matches of all positions.
func (o *optimal) search(f *finder, e effort, start, end int) {
	o.found = o.found[:0]
	last := min(end, len(f.src)-tail+1)
	i := start
	for i < last {
		o.found = f.all(o.found, i, min(maxMatch, end-i), e.nice, e.depth)
		i++
		o.upTo[i-start] = uint32(len(o.found))
		if n := len(o.found); n > 0 && o.upTo[i-start-1] < uint32(n) && int(o.found[n-1].length) >= e.nice {
			// It will be taken: what begins inside of it does not matter.
			for inside := i + int(o.found[n-1].length) - 1; i < inside; i++ {
				if i < last {
					f.insert(i)
				}
				o.upTo[i+1-start] = uint32(n)
			}
		}
	}
	for ; i < end; i++ {
		o.upTo[i+1-start] = uint32(len(o.found))
	}
}

// solve finds the cheapest way from every position to the end.
func (o *optimal) solve(src []byte) {
	o.cost[len(src)] = 0
	for i := len(src) - 1; i >= 0; i-- {
		cheapest := o.literalCosts[src[i]] + o.cost[i+1]
		choice := token(src[i])
		length := minMatch
		for _, c := range o.found[o.upTo[i]:o.upTo[i+1]] {
			symbol := token(c.distance - 1).distanceSymbol()
			distance := o.distanceCosts[symbol]
			for ; length <= int(c.length); length++ {
				if cost := distance + o.lengthCosts[length] + o.cost[i+length]; cost < cheapest {
					cheapest, choice = cost, match(length, int(c.distance))
				}
			}
		}
		o.cost[i], o.best[i] = cheapest, choice
	}
}

// guess sets the costs of a first parse: those of bytes by how often they occur.
func (o *optimal) guess(src []byte) {
	var counts [256]uint32
	for _, b := range src {
		counts[b]++
	}
	for b, n := range counts {
		o.literalCosts[b] = costOf(n, uint32(len(src)))
	}
	for length := minMatch; length <= maxMatch; length++ {
		o.lengthCosts[length] = unit * (5 + uint32(lengthExtra[lengthSymbols[length-minMatch]]))
	}
	for symbol := range o.distanceCosts {
		o.distanceCosts[symbol] = unit * (4 + uint32(distanceExtra[symbol]))
	}
}

// learn sets the costs to what the last parse would have had.
func (o *optimal) learn() {
	var total uint32
	for _, n := range o.block.literals {
		total += n
	}
	for b := range o.literalCosts {
		o.literalCosts[b] = costOf(o.block.literals[b], total)
	}
	for length := minMatch; length <= maxMatch; length++ {
		symbol := lengthSymbols[length-minMatch]
		o.lengthCosts[length] = costOf(o.block.literals[257+int(symbol)], total) + unit*uint32(lengthExtra[symbol])
	}
	total = 0
	for _, n := range o.block.distances {
		total += n
	}
	for symbol, n := range o.block.distances {
		o.distanceCosts[symbol] = costOf(n, total) + unit*uint32(distanceExtra[symbol])
	}
}

// costOf is what a symbol costs that occurs n times among total; one that does
// not occur costs what the rarest does, and a little more.
func costOf(n, total uint32) uint32 {
	frequency := float64(n)
	if n == 0 {
		frequency = 0.5
	}
	bits := math.Log2((float64(total) + 1) / frequency)
	return uint32(unit * min(max(bits, 1), 15))
}
