package initramfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pierrec/lz4/v4"
)

// The legacy frame of the LZ4 frame format, the only one that Linux reads: the
// magic number, then blocks, each with its compressed size before it. It has
// no end mark.
const (
	lz4Magic = "\x02\x21\x4c\x18"
	lz4Block = 8 << 20 // most bytes that a block unpacks to
)

type lz4Reader struct {
	c     *cursor
	ready []byte
	in    []byte
	out   []byte
	end   bool
}

func (r *lz4Reader) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
		if r.end {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// next unpacks one block. Like the kernel, it takes a magic number for the
// start of another frame of the same stream, and a zero size or less than four
// bytes for the end.
func (r *lz4Reader) next() error {
	var word [4]byte
	n, err := io.ReadFull(r.c, word[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.c.rewind(n)
		r.end = true
		return nil
	}
	if err != nil {
		return err
	}
	if string(word[:]) == lz4Magic {
		return nil
	}
	size := binary.LittleEndian.Uint32(word[:])
	if size == 0 {
		r.c.rewind(len(word))
		r.end = true
		return nil
	}
	if int64(size) > int64(lz4.CompressBlockBound(lz4Block)) {
		return fmt.Errorf("lz4 block of %d bytes: the data behind the stream would not be read by a kernel either", size)
	}
	if r.out == nil {
		r.out = make([]byte, lz4Block)
	}
	r.in = slices.Grow(r.in[:0], int(size))[:size]
	if _, err := io.ReadFull(r.c, r.in); err != nil {
		return fmt.Errorf("lz4 block is cut short: %w", err)
	}
	n, err = lz4.UncompressBlock(r.in, r.out)
	if err != nil {
		return err
	}
	r.ready = r.out[:n]
	return nil
}

// compressLZ4 writes data as one legacy frame.
func compressLZ4(data []byte) ([]byte, error) {
	frame := []byte(lz4Magic)
	buffer := make([]byte, lz4.CompressBlockBound(min(len(data), lz4Block)))
	var c lz4.CompressorHC
	for len(data) > 0 {
		block := data[:min(len(data), lz4Block)]
		data = data[len(block):]
		n, err := c.CompressBlock(block, buffer)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, errors.New("lz4: data cannot be compressed")
		}
		frame = binary.LittleEndian.AppendUint32(frame, uint32(n))
		frame = append(frame, buffer[:n]...)
	}
	return frame, nil
}
