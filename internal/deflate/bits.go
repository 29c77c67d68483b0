package deflate

import "encoding/binary"

// slack is how many bytes beyond its end a write may touch.
const slack = 8

// bitWriter packs bits, the lowest first. Whoever writes makes room first.
type bitWriter struct {
	out  []byte // long enough for what is written, and slack bytes more
	n    int
	bits uint64
	used uint // always below 8 after a write
}

// reset begins a new stream.
func (w *bitWriter) reset() { w.n, w.bits, w.used = 0, 0, 0 }

// reserve grows the output for so many more bits.
func (w *bitWriter) reserve(bits int) {
	if need := w.n + bits/8 + 1 + slack; need > len(w.out) {
		w.out = append(w.out, make([]byte, need-len(w.out))...)
	}
}

// put adds the lowest count bits of v, at most 56; the others must be 0.
func (w *bitWriter) put(v uint64, count uint) {
	w.bits |= v << (w.used & 63)
	w.used += count
	binary.LittleEndian.PutUint64(w.out[w.n:], w.bits)
	w.n += int(w.used >> 3)
	w.bits >>= w.used &^ 7 & 63
	w.used &= 7
}

// align fills up the last byte with zeroes.
func (w *bitWriter) align() {
	if w.used > 0 {
		w.put(0, 8-w.used)
	}
}

// bytes adds whole bytes after an align.
func (w *bitWriter) bytes(p []byte) { w.n += copy(w.out[w.n:], p) }
