package nbd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
)

// Commands, and what comes with them.
const (
	commandRead        = 0
	commandDisconnect  = 2
	commandBlockStatus = 7

	flagDontFragment = 1 << 2 // of a read: one chunk for all of it
	stateZero        = 1 << 1 // of a block: it reads as zeroes

	requestMagic         = 0x25609513
	structuredReplyMagic = 0x668e33ef
)

// The chunks of a reply.
const (
	flagDone = 1 << 0

	chunkNone        = 0
	chunkData        = 1
	chunkHole        = 2
	chunkBlockStatus = 5
	chunkError       = 1 << 15 // and all above
)

// errProtocol is an answer that makes no sense.
var errProtocol = errors.New("the NBD server broke the protocol")

func unexpected(kind uint16, payload uint32) error {
	return fmt.Errorf("%w: a chunk of type %d with %d bytes", errProtocol, kind, payload)
}

// ServerError is a request that the server refused or could not carry out.
type ServerError struct {
	Errno   syscall.Errno
	Message string
}

func (e *ServerError) Error() string {
	if e.Message != "" {
		return e.Message
	}
	return e.Errno.Error()
}

func (e *ServerError) Unwrap() error { return e.Errno }

// send sends a request.
func (c *Client) send(command, flags uint16, off, length int64) error {
	c.cookie++
	r := c.request[:]
	binary.BigEndian.PutUint32(r, requestMagic)
	binary.BigEndian.PutUint16(r[4:], flags)
	binary.BigEndian.PutUint16(r[6:], command)
	binary.BigEndian.PutUint64(r[8:], c.cookie)
	binary.BigEndian.PutUint64(r[16:], uint64(off))
	binary.BigEndian.PutUint32(r[24:], uint32(length))
	_, err := c.conn.Write(r)
	return closed(err)
}

// reply reads all chunks of the reply to the last request. take must consume
// the payload of each that carries something.
func (c *Client) reply(take func(kind uint16, payload uint32) error) error {
	var refused error
	for {
		var head [20]byte
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return closed(err)
		}
		flags, kind := binary.BigEndian.Uint16(head[4:]), binary.BigEndian.Uint16(head[6:])
		payload := binary.BigEndian.Uint32(head[16:])
		if binary.BigEndian.Uint32(head[:]) != structuredReplyMagic || binary.BigEndian.Uint64(head[8:]) != c.cookie {
			return errProtocol
		}
		var err error
		switch {
		case kind >= chunkError:
			refused, err = c.refusal(payload)
		case kind == chunkNone:
			if payload != 0 {
				err = unexpected(kind, payload)
			}
		default:
			err = take(kind, payload)
		}
		if err != nil {
			return closed(err)
		}
		if flags&flagDone != 0 {
			return refused
		}
	}
}

// refusal reads a chunk that says what went wrong.
func (c *Client) refusal(payload uint32) (refused, err error) {
	if payload < 6 || payload > 1<<16 {
		return nil, unexpected(chunkError, payload)
	}
	text := make([]byte, payload)
	if _, err := io.ReadFull(c.in, text); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint16(text[4:]))
	if length > len(text)-6 {
		return nil, errProtocol
	}
	return &ServerError{
		Errno:   syscall.Errno(binary.BigEndian.Uint32(text)),
		Message: strings.ToValidUTF8(string(text[6:6+length]), "?"),
	}, nil
}

// closed puts into words that the server has gone.
func closed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("the NBD server closed the connection: %w", err)
	}
	return err
}
