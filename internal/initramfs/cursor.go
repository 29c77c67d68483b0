package initramfs

import (
	"bufio"
	"io"
)

// cursor reads a stream byte-exactly, knows its position, and can step back
// over the last few bytes.
type cursor struct {
	r    *bufio.Reader
	pos  int64
	tail []byte // the last bytes that were handed out
	back []byte // bytes to hand out again
}

const cursorTail = 4

func newCursor(r io.Reader) *cursor {
	return &cursor{r: bufio.NewReaderSize(r, 64<<10), tail: make([]byte, 0, 2*cursorTail)}
}

func (c *cursor) Read(p []byte) (int, error) {
	if len(c.back) > 0 {
		n := copy(p, c.back)
		c.back = c.back[n:]
		c.took(p[:n])
		return n, nil
	}
	n, err := c.r.Read(p)
	c.took(p[:n])
	return n, err
}

// ReadByte makes the decompressors read no further than they need.
func (c *cursor) ReadByte() (byte, error) {
	var b byte
	if len(c.back) > 0 {
		b, c.back = c.back[0], c.back[1:]
	} else {
		var err error
		if b, err = c.r.ReadByte(); err != nil {
			return 0, err
		}
	}
	c.took([]byte{b})
	return b, nil
}

func (c *cursor) took(p []byte) {
	c.pos += int64(len(p))
	if len(p) > cursorTail {
		p = p[len(p)-cursorTail:]
	}
	if over := len(c.tail) + len(p) - cursorTail; over > 0 {
		c.tail = c.tail[:copy(c.tail, c.tail[over:])]
	}
	c.tail = append(c.tail, p...)
}

// rewind steps back over the last n bytes, at most cursorTail and no further
// than to the start.
func (c *cursor) rewind(n int) {
	n = min(n, len(c.tail))
	c.back = append(append([]byte{}, c.tail[len(c.tail)-n:]...), c.back...)
	c.tail = c.tail[:len(c.tail)-n]
	c.pos -= int64(n)
}

// peek returns the next n bytes without taking them; fewer, with io.EOF, at
// the end of the stream.
func (c *cursor) peek(n int) ([]byte, error) {
	if len(c.back) >= n {
		return c.back[:n], nil
	}
	next, err := c.r.Peek(n - len(c.back))
	return append(append([]byte{}, c.back...), next...), err
}
