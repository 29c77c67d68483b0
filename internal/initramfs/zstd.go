package initramfs

import (
	"errors"
	"io"
)

// zstdFrame hands out exactly one Zstandard frame (RFC 8878, section 3.1.1)
// and then io.EOF, so that the decompressor cannot read into what follows.
type zstdFrame struct {
	c        *cursor
	ready    []byte // header bytes that were parsed and not yet handed out
	left     int64  // bytes of the current block still to come
	last     bool   // the current block is the last
	checksum bool
	end      bool
}

func newZstdFrame(c *cursor) (*zstdFrame, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(c, head); err != nil {
		return nil, noEOF(err)
	}
	descriptor := head[4]
	size := []int{0, 1, 2, 4}[descriptor&3] + []int{0, 2, 4, 8}[descriptor>>6]
	switch single := descriptor&0x20 != 0; {
	case !single:
		size++ // window descriptor
	case descriptor>>6 == 0:
		size++ // content size of one byte
	}
	rest := make([]byte, size)
	if _, err := io.ReadFull(c, rest); err != nil {
		return nil, noEOF(err)
	}
	return &zstdFrame{c: c, ready: append(head, rest...), checksum: descriptor&4 != 0}, nil
}

func (f *zstdFrame) Read(p []byte) (int, error) {
	if len(f.ready) == 0 && f.left == 0 {
		if f.end {
			return 0, io.EOF
		}
		if err := f.block(); err != nil {
			return 0, err
		}
	}
	if len(f.ready) > 0 {
		n := copy(p, f.ready)
		f.ready = f.ready[n:]
		return n, nil
	}
	if f.left == 0 {
		return 0, io.EOF
	}
	n, err := f.c.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, noEOF(err)
}

// block takes the next block's header, or what follows the last block.
func (f *zstdFrame) block() error {
	if f.last {
		f.end = true
		if f.checksum {
			f.left = 4
		}
		return nil
	}
	header := make([]byte, 3)
	if _, err := io.ReadFull(f.c, header); err != nil {
		return noEOF(err)
	}
	f.ready = header
	bits := uint32(header[0]) | uint32(header[1])<<8 | uint32(header[2])<<16
	f.last = bits&1 != 0
	f.left = int64(bits >> 3)
	if bits>>1&3 == 1 { // one byte, repeated
		f.left = 1
	}
	return nil
}

// noEOF makes an early end of the input an error.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
