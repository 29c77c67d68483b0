package deflate

// block is a run of tokens that shares one pair of codes.
type block struct {
	tokens    int // how many
	literals  [literalCount]uint32
	distances [distanceCount]uint32
	cost      float32 // estimated, in bits, with its codes
}

// blockWriter writes blocks. It holds what each of them needs for a while.
type blockWriter struct {
	header  header
	lengths [maxMatch - minMatch + 1]bitString // of matches, with their extra bits
}

// bitString is up to 24 bits, and how many they are from bit 24 on.
type bitString uint32

// write writes the block in whichever of the three forms is the smallest and
// returns how many bytes of src it stands for.
func (bw *blockWriter) write(w *bitWriter, b *block, tokens []token, src []byte, last bool) int {
	covered := 0
	for _, t := range tokens {
		covered += t.length()
	}
	b.literals[endOfBlock] = 1
	h := &bw.header
	h.build(b)
	dynamic := 3 + h.size + b.size(&h.literals, &h.distances)
	fixed := 3 + b.size(&fixedLiterals, &fixedDistances)
	stored := (covered + 5*(1+covered/maxStored)) * 8
	final := uint64(0)
	if last {
		final = 1
	}
	w.reserve(min(dynamic, fixed, stored))
	switch {
	case stored <= min(dynamic, fixed):
		writeStored(w, src[:covered], final)
	case fixed <= dynamic:
		w.put(final|1<<1, 3)
		bw.writeTokens(w, tokens, &fixedLiterals, &fixedDistances)
	default:
		w.put(final|2<<1, 3)
		h.write(w)
		bw.writeTokens(w, tokens, &h.literals, &h.distances)
	}
	return covered
}

// size is what the block's tokens take in the codes, in bits.
func (b *block) size(literals, distances *code) int {
	total := 0
	for symbol, f := range b.literals {
		total += int(f) * int(literals.lengths[symbol])
	}
	for n, f := range b.literals[endOfBlock+1:] {
		total += int(f) * int(lengthExtra[n])
	}
	for symbol, f := range b.distances {
		total += int(f) * (int(distances.lengths[symbol]) + int(distanceExtra[symbol]))
	}
	return total
}

// maxStored is how much a stored block can hold, in bytes.
const maxStored = 65535

func writeStored(w *bitWriter, src []byte, final uint64) {
	for {
		n := min(len(src), maxStored)
		if n < len(src) {
			w.put(0, 3)
		} else {
			w.put(final, 3)
		}
		w.align()
		w.put(uint64(n)|uint64(^uint16(n))<<16, 32)
		w.bytes(src[:n])
		if src = src[n:]; len(src) == 0 {
			return
		}
	}
}

// writeTokens writes the tokens and the end of the block.
func (bw *blockWriter) writeTokens(w *bitWriter, tokens []token, literals, distances *code) {
	for n := range bw.lengths {
		symbol := lengthSymbols[n]
		bits := uint32(literals.bits[257+int(symbol)])
		length := uint32(literals.lengths[257+int(symbol)])
		extra := uint32(n) - uint32(lengthBase[symbol])
		bw.lengths[n] = bitString(bits | extra<<length | (length+uint32(lengthExtra[symbol]))<<24)
	}
	for _, t := range tokens {
		if !t.isMatch() {
			symbol := t & 255
			w.put(uint64(literals.bits[symbol]), uint(literals.lengths[symbol]))
			continue
		}
		length := bw.lengths[t>>12&0xff]
		v, count := uint64(length&0xffffff), uint(length>>24)
		symbol := t.distanceSymbol()
		v |= uint64(distances.bits[symbol]) << count
		count += uint(distances.lengths[symbol])
		v |= uint64(uint16(t&(Window-1))-distanceBase[symbol]) << count
		w.put(v, count+uint(distanceExtra[symbol]))
	}
	w.put(uint64(literals.bits[endOfBlock]), uint(literals.lengths[endOfBlock]))
}
