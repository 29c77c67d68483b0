package deflate

import "math/bits"

// token is a literal byte or a match: matchFlag, the length minus 3 from bit 12
// on, the distance minus 1 below.
type token uint32

const (
	matchFlag token = 1 << 31

	minMatch = 3
	maxMatch = 258
)

func match(length, distance int) token {
	return matchFlag | token(length-minMatch)<<12 | token(distance-1)
}

func (t token) isMatch() bool { return t&matchFlag != 0 }

// length is the bytes that the token stands for.
func (t token) length() int {
	if !t.isMatch() {
		return 1
	}
	return int(t>>12&0xff) + minMatch
}

func (t token) distance() int { return int(t&(Window-1)) + 1 }

// The alphabets. Symbols of literals and lengths: 256 bytes, the end of the
// block, 29 codes of lengths. No distance of 4096 or less has a code above 23.
const (
	endOfBlock    = 256
	literalCount  = 286
	distanceCount = 24
)

// lengthSymbols and distanceSymbols map what a token holds to symbols, the
// others what a symbol stands for.
var (
	lengthSymbols    [maxMatch - minMatch + 1]uint8 // minus 257
	lengthBase       [29]uint16
	lengthExtra      [29]uint8
	distanceSymbols  [256]uint8 // see distanceSymbol
	distanceBase     [distanceCount]uint16
	distanceExtra    [distanceCount]uint8
	fixedLiterals    code
	fixedDistances   code
	codeLengthExtras = [19]uint8{16: 2, 17: 3, 18: 7}
)

func init() {
	for symbol := range lengthBase {
		base, extra := symbol, 0
		if symbol >= 8 {
			extra = symbol/4 - 1
			base = (4 + symbol&3) << extra
		}
		if symbol == 28 { // the longest match has a code of its own
			base, extra = maxMatch-minMatch, 0
		}
		lengthBase[symbol], lengthExtra[symbol] = uint16(base), uint8(extra)
		for n := base; n < min(base+1<<extra, len(lengthSymbols)); n++ {
			lengthSymbols[n] = uint8(symbol)
		}
	}
	for symbol := range distanceBase {
		base, extra := symbol, 0
		if symbol >= 4 {
			extra = symbol/2 - 1
			base = (2 + symbol&1) << extra
		}
		distanceBase[symbol], distanceExtra[symbol] = uint16(base), uint8(extra)
	}
	for n := range distanceSymbols {
		distanceSymbols[n] = symbolOfDistance(uint32(n))
	}
	initFixed()
}

// symbolOfDistance computes the symbol of a distance minus 1.
func symbolOfDistance(n uint32) uint8 {
	if n < 4 {
		return uint8(n)
	}
	extra := uint32(bits.Len32(n)) - 2
	return uint8(2*extra + n>>extra)
}

// distanceSymbol is the symbol of a token's distance.
func (t token) distanceSymbol() int {
	n := uint32(t & (Window - 1))
	if n < 128 {
		return int(distanceSymbols[n])
	}
	// All symbols from here on have five or more extra bits.
	return int(distanceSymbols[n>>5]) + 10
}

// lengthSymbol is the symbol of a match's length.
func (t token) lengthSymbol() int { return 257 + int(lengthSymbols[t>>12&0xff]) }
