// Package deflate compresses blocks into raw deflate streams (RFC 1951) whose
// matches reach back at most 4 KiB, as the readers of compressed qcow2 clusters
// expect.
package deflate

import "fmt"

// The range of levels, from fast to small, and the one to use by default.
const (
	MinLevel     = 1
	MaxLevel     = 9
	DefaultLevel = 6
)

// Window is how far back a match may reach, in bytes.
const Window = 4096

// Encoder compresses one block after another. It keeps about a megabyte of
// tables and must not be used concurrently.
type Encoder struct {
	effort  effort
	finder  finder
	tokens  []token
	blocks  blocks
	writer  blockWriter
	optimal *optimal // for the efforts that use it
	out     bitWriter
}

// NewEncoder returns an encoder for a level from MinLevel to MaxLevel.
func NewEncoder(level int) (*Encoder, error) {
	if level < MinLevel || level > MaxLevel {
		return nil, fmt.Errorf("deflate level %d is not in the range %d to %d", level, MinLevel, MaxLevel)
	}
	e := &Encoder{effort: efforts[level], tokens: make([]token, 0, segment)}
	if e.effort.passes > 0 {
		e.optimal = new(optimal)
	}
	return e, nil
}

// segment is how much of a block is parsed at a time, in bytes.
const segment = 64 << 10

// Encode compresses src. It returns the stream, valid until the next call, or
// nil where it would not be shorter than limit bytes.
func (e *Encoder) Encode(src []byte, limit int) []byte {
	e.finder.reset(src)
	e.out.reset()
	for start := 0; ; {
		end := min(start+segment, len(src))
		e.parse(start, end)
		e.write(src[start:end], end == len(src))
		if e.out.n >= limit {
			return nil
		}
		if end == len(src) {
			return e.out.out[:e.out.n]
		}
		start = end
	}
}

// parse turns the bytes from start to end into tokens.
func (e *Encoder) parse(start, end int) {
	switch {
	case e.effort.passes > 0:
		e.tokens = e.optimal.parse(e.tokens[:0], &e.finder, e.effort, start, end)
	case e.effort.lazy > 0:
		e.tokens = parseLazy(e.tokens[:0], &e.finder, e.effort, start, end)
	case e.effort.depth > 1:
		e.tokens = parseGreedy(e.tokens[:0], &e.finder, e.effort, start, end)
	default:
		e.tokens = parseFast(e.tokens[:0], &e.finder, start, end)
	}
}

// write writes the tokens of the last parse, which stand for src.
func (e *Encoder) write(src []byte, last bool) {
	list := e.blocks.split(e.tokens, e.effort.grain)
	rest := e.tokens
	for n := range list {
		b := &list[n]
		covered := e.writer.write(&e.out, b, rest[:b.tokens], src, last && n == len(list)-1)
		rest, src = rest[b.tokens:], src[covered:]
	}
	if last {
		e.out.align()
	}
}
