package initramfs

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// Compression is how a segment is stored.
type Compression string

// The compressions that Linux can unpack an initramfs from and that this
// package reads. LZO is known and refused.
const (
	CompressionNone  Compression = "none"
	CompressionGzip  Compression = "gzip"
	CompressionXZ    Compression = "xz"
	CompressionZstd  Compression = "zstd"
	CompressionLZ4   Compression = "lz4"
	CompressionBzip2 Compression = "bzip2"
	CompressionLZMA  Compression = "lzma"
	compressionLZO   Compression = "lzo"
)

// maxDictionary bounds the window that a stream may ask to be allocated, in
// bytes. It is the largest that the kernel's own zstd reader accepts.
const maxDictionary = 128 << 20

var magics = []struct {
	magic       string
	compression Compression
}{
	{"070701", CompressionNone},
	{"070702", CompressionNone},
	{"\x1f\x8b", CompressionGzip},
	{"\xfd7zXZ\x00", CompressionXZ},
	{"\x28\xb5\x2f\xfd", CompressionZstd},
	{lz4Magic, CompressionLZ4},
	{"BZh", CompressionBzip2},
	{"\x5d\x00\x00", CompressionLZMA},
	{"\x89LZO", compressionLZO},
}

func detect(head []byte) (Compression, bool) {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.compression, true
		}
	}
	return "", false
}

// open returns a reader for exactly one stream of c's compression. When it
// reports io.EOF, the cursor stands behind the stream's last byte. The reader
// must be closed.
func open(c *cursor, compression Compression) (io.ReadCloser, error) {
	switch compression {
	case CompressionGzip:
		r, err := gzip.NewReader(c)
		if err != nil {
			return nil, err
		}
		r.Multistream(false)
		return r, nil
	case CompressionXZ:
		if err := checkXZDictionary(c); err != nil {
			return nil, err
		}
		r, err := xz.ReaderConfig{SingleStream: true}.NewReader(c)
		if err != nil {
			return nil, err
		}
		return &overreader{r: r, over: isXZTrailing, back: func() { c.rewind(1) }}, nil
	case CompressionZstd:
		frame, err := newZstdFrame(c)
		if err != nil {
			return nil, err
		}
		r, err := zstd.NewReader(frame, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxDictionary))
		if err != nil {
			return nil, err
		}
		return r.IOReadCloser(), nil
	case CompressionLZ4:
		return io.NopCloser(&lz4Reader{c: c}), nil
	case CompressionBzip2:
		p := &zeroPadded{c: c}
		return &overreader{r: bzip2.NewReader(p), over: isBzip2Trailing, back: func() { c.rewind(2 - p.zeros) }}, nil
	case CompressionLZMA:
		r, err := lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(c)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(r), nil
	default:
		return nil, fmt.Errorf("compression %s is not supported", compression)
	}
}

// overreader ends a stream where a library, having read behind the end in
// search of another stream, complains of what it found.
type overreader struct {
	r    io.Reader
	over func(error) bool
	back func() // gives back the bytes that were taken too many
	done bool
}

func (o *overreader) Read(p []byte) (int, error) {
	if o.done {
		return 0, io.EOF
	}
	n, err := o.r.Read(p)
	if err != nil && o.over(err) {
		o.back()
		err = io.EOF
	}
	o.done = errors.Is(err, io.EOF)
	return n, err
}

// Close implements io.Closer; there is nothing to close.
func (o *overreader) Close() error { return nil }

// zeroPadded puts two zero bytes behind the input: the bzip2 reader wants two
// bytes or none there, and one byte of padding would be an error to it.
type zeroPadded struct {
	c     *cursor
	zeros int
}

// ReadByte implements io.ByteReader.
func (z *zeroPadded) ReadByte() (byte, error) {
	b, err := z.c.ReadByte()
	if errors.Is(err, io.EOF) && z.zeros < 2 {
		z.zeros++
		return 0, nil
	}
	return b, err
}

// Read serves no one: the bzip2 reader takes single bytes where it can.
func (z *zeroPadded) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := z.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

// The libraries export no value for these two; tests hold the texts.
func isXZTrailing(err error) bool {
	return err.Error() == "xz: unexpected data after stream"
}

func isBzip2Trailing(err error) bool {
	return errors.Is(err, bzip2.StructuralError("bad magic value in continuation file"))
}

// checkXZDictionary looks at the first block's LZMA2 dictionary before the
// library allocates it. The layout is that of the .xz file format 1.2.1,
// sections 2.1.1, 3.1 and 5.3.1.
func checkXZDictionary(c *cursor) error {
	const streamHeader = 12
	head, err := c.peek(streamHeader + 2)
	if err != nil {
		return err
	}
	blockHeader := 4 * (int(head[streamHeader]) + 1)
	if head[streamHeader] == 0 { // an index: there is no block
		return nil
	}
	if head, err = c.peek(streamHeader + blockHeader); err != nil {
		return err
	}
	block := head[streamHeader:]
	at := 2
	for _, flag := range []byte{0x40, 0x80} { // compressed size, uncompressed size
		if block[1]&flag == 0 {
			continue
		}
		for at < len(block) && block[at]&0x80 != 0 {
			at++
		}
		at++
	}
	if at+2 >= len(block) || block[at] != 0x21 {
		return nil // another filter: the library says so
	}
	size, err := lzma.DecodeDictCap(block[at+2])
	if err != nil {
		return err
	}
	if size > maxDictionary {
		return fmt.Errorf("xz dictionary of %d bytes exceeds the limit of %d", size, maxDictionary)
	}
	return nil
}
