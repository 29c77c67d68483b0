package deflate

// header is the description of a block's own codes (RFC 1951, 3.2.7).
type header struct {
	literals, distances code
	lengths             code     // in which the lengths of the others are written
	runs                []uint16 // symbol, and the value of its extra bits from bit 5 on
	counts              [3]int   // symbols of literals, distances and lengths
	size                int      // bits
	storage             [literalCount + distanceCount]uint16
}

// lengthOrder is the order in which the lengths of the code lengths are sent.
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// build makes the codes for a block and what describes them.
func (h *header) build(b *block) {
	h.literals.build(b.literals[:], 15)
	h.distances.build(b.distances[:], 15)
	h.counts[0] = used(h.literals.lengths[:literalCount], 257)
	h.counts[1] = used(h.distances.lengths[:distanceCount], 1)

	var all [literalCount + distanceCount]uint8
	n := copy(all[:], h.literals.lengths[:h.counts[0]])
	n += copy(all[n:], h.distances.lengths[:h.counts[1]])
	h.runs = encodeRuns(h.storage[:0], all[:n])
	var frequencies [19]uint32
	for _, r := range h.runs {
		frequencies[r&31]++
	}
	h.lengths.build(frequencies[:], 7)
	h.counts[2] = len(lengthOrder)
	for h.counts[2] > 4 && h.lengths.lengths[lengthOrder[h.counts[2]-1]] == 0 {
		h.counts[2]--
	}
	h.size = 14 + 3*h.counts[2]
	for symbol, f := range frequencies {
		h.size += int(f) * int(h.lengths.lengths[symbol]+codeLengthExtras[symbol])
	}
}

// used is how many of the lengths must be sent.
func used(lengths []uint8, least int) int {
	n := len(lengths)
	for n > least && lengths[n-1] == 0 {
		n--
	}
	return n
}

// encodeRuns appends the lengths with their repetitions folded.
func encodeRuns(to []uint16, lengths []uint8) []uint16 {
	for len(lengths) > 0 {
		length, run := lengths[0], 1
		for run < len(lengths) && lengths[run] == length {
			run++
		}
		lengths = lengths[run:]
		if length != 0 {
			to = append(to, uint16(length))
			run--
		}
		for run >= 3 {
			var n int
			switch {
			case length != 0:
				n = min(run, 6)
				to = append(to, 16|uint16(n-3)<<5)
			case run <= 10:
				n = run
				to = append(to, 17|uint16(n-3)<<5)
			default:
				n = min(run, 138)
				to = append(to, 18|uint16(n-11)<<5)
			}
			run -= n
		}
		for ; run > 0; run-- {
			to = append(to, uint16(length))
		}
	}
	return to
}

func (h *header) write(w *bitWriter) {
	w.put(uint64(h.counts[0]-257)|uint64(h.counts[1]-1)<<5|uint64(h.counts[2]-4)<<10, 14)
	for _, symbol := range lengthOrder[:h.counts[2]] {
		w.put(uint64(h.lengths.lengths[symbol]), 3)
	}
	for _, r := range h.runs {
		symbol := r & 31
		w.put(uint64(h.lengths.bits[symbol]), uint(h.lengths.lengths[symbol]))
		w.put(uint64(r>>5), uint(codeLengthExtras[symbol]))
	}
}
