// Package nbd reads an export of an NBD server, such as qemu-nbd: its bytes, and
// which of them are holes (doc/proto.md of the NetworkBlockDevice project).
package nbd

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
)

// Client is one connection to a server's default export. It does one thing at
// a time and must not be used concurrently: whoever wants more opens more.
type Client struct {
	conn    net.Conn
	in      *bufio.Reader
	size    int64
	context uint32 // id of base:allocation
	cookie  uint64
	request [28]byte
}

// New negotiates with the server on the other end of conn. The connection
// belongs to the client from then on, also where New fails.
func New(conn net.Conn) (*Client, error) {
	c := &Client{conn: conn, in: bufio.NewReaderSize(conn, 4<<10)}
	if err := c.negotiate(); err != nil {
		return nil, errors.Join(fmt.Errorf("negotiating with the NBD server: %w", closed(err)), conn.Close())
	}
	return c, nil
}

// Size is the length of the export in bytes.
func (c *Client) Size() int64 { return c.size }

// Close ends the connection.
func (c *Client) Close() error {
	_ = c.send(commandDisconnect, 0, 0, 0)
	return c.conn.Close()
}

// Extent is a run of bytes. Zero says that all of them are.
type Extent struct {
	Length int64
	Zero   bool
}

// maxStatus is how much one request for the status may be about, in bytes.
const maxStatus = 1 << 30

// Extents tells data from zeroes in the length bytes at off, which must lie in
// the export. What it returns may describe less than was asked for, but
// something, and never more.
func (c *Client) Extents(off, length int64) ([]Extent, error) {
	length = min(length, maxStatus)
	if err := c.send(commandBlockStatus, 0, off, length); err != nil {
		return nil, fmt.Errorf("asking for the holes at byte %d: %w", off, err)
	}
	var extents []Extent
	err := c.reply(func(kind uint16, payload uint32) error {
		if kind != chunkBlockStatus || payload%8 != 4 || payload > 1<<24 {
			return unexpected(kind, payload)
		}
		list := make([]byte, payload)
		if _, err := io.ReadFull(c.in, list); err != nil {
			return err
		}
		if binary.BigEndian.Uint32(list) != c.context {
			return errProtocol
		}
		extents = extents[:0]
		left := length
		for list = list[4:]; len(list) > 0 && left > 0; list = list[8:] {
			n := min(int64(binary.BigEndian.Uint32(list)), left)
			if n == 0 {
				return errProtocol
			}
			left -= n
			zero := binary.BigEndian.Uint32(list[4:])&stateZero != 0
			if last := len(extents) - 1; last >= 0 && extents[last].Zero == zero {
				extents[last].Length += n
				continue
			}
			extents = append(extents, Extent{Length: n, Zero: zero})
		}
		return nil
	})
	if err == nil && len(extents) == 0 {
		err = errProtocol
	}
	if err != nil {
		return nil, fmt.Errorf("asking for the holes at byte %d: %w", off, err)
	}
	return extents, nil
}

// ReadAt implements io.ReaderAt for what lies in the export. No server takes
// more than 32 MiB at once.
func (c *Client) ReadAt(p []byte, off int64) (int, error) {
	if err := c.readAt(p, off); err != nil {
		return 0, fmt.Errorf("reading %d bytes at byte %d: %w", len(p), off, err)
	}
	return len(p), nil
}

func (c *Client) readAt(p []byte, off int64) error {
	if off < 0 || off > c.size-int64(len(p)) {
		return io.ErrUnexpectedEOF
	}
	if len(p) == 0 {
		return nil
	}
	if err := c.send(commandRead, flagDontFragment, off, int64(len(p))); err != nil {
		return err
	}
	missing := len(p)
	err := c.reply(func(kind uint16, payload uint32) error {
		if kind != chunkData && kind != chunkHole || payload < 8 || payload > 8+math.MaxInt32 {
			return unexpected(kind, payload)
		}
		var head [12]byte
		if _, err := io.ReadFull(c.in, head[:8]); err != nil {
			return err
		}
		at, length := binary.BigEndian.Uint64(head[:]), uint64(payload)-8
		if kind == chunkHole {
			if payload != 12 {
				return unexpected(kind, payload)
			}
			if _, err := io.ReadFull(c.in, head[8:]); err != nil {
				return err
			}
			length = uint64(binary.BigEndian.Uint32(head[8:]))
		}
		if at < uint64(off) || at-uint64(off) > uint64(len(p)) || length > uint64(len(p))-(at-uint64(off)) {
			return errProtocol
		}
		part := p[at-uint64(off):][:length]
		missing -= len(part)
		if kind == chunkHole {
			clear(part)
			return nil
		}
		_, err := io.ReadFull(c.in, part)
		return err
	})
	if err == nil && missing != 0 {
		err = errProtocol
	}
	return err
}
