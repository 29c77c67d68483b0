package source

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/contextio"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// unknownSize stands for content whose length only its end tells.
const unknownSize = -1

// workDirectory takes what cannot be used where it lies.
type workDirectory struct {
	path  string
	files *files
	// made counts the files that were made in it.
	made int
	// probing has nothing be made: a packedError says what would be.
	probing bool
}

// file is a new name in the directory.
func (w *workDirectory) file(extension string) string {
	w.made++
	return filepath.Join(w.path, fmt.Sprintf("source%d.%s", w.made, extension))
}

// unpack writes content into the work directory. Size is its exact length in
// bytes; with unknownSize the space there is the bound.
func (w *workDirectory) unpack(ctx context.Context, content io.Reader, name string, size int64) (section, error) {
	if w.probing {
		return section{}, &packedError{max(size, 0)}
	}
	free, err := freeSpace(w.path)
	if err != nil {
		return section{}, fmt.Errorf("reading the free space of %s: %w", w.path, err)
	}
	if size > free {
		return section{}, refuse(fmt.Sprintf("unpacking %s into %s needs %d bytes, and %d are free", printable(name), w.path, size, free),
			"free space there, choose another work directory, or unpack the package yourself")
	}
	limit := size
	if size == unknownSize {
		limit = free
	}
	path := w.file("unpacked")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return section{}, fmt.Errorf("unpacking %s: %w", printable(name), err)
	}
	defer func() { _ = file.Close() }()
	written, err := copySparse(file, contextio.NewReader(ctx, io.LimitReader(content, limit+1)))
	if err == nil {
		err = file.Close()
	}
	switch {
	case err != nil:
		return section{}, fmt.Errorf("unpacking %s into %s: %w", printable(name), w.path, err)
	case size == unknownSize && written > limit:
		return section{}, refuse(fmt.Sprintf("%s unpacks to more than the %d bytes that are free in %s", printable(name), free, w.path),
			"free space there, choose another work directory, or unpack the package yourself; if its content cannot be that large, it is forged")
	case written != size && size != unknownSize:
		return section{}, damaged(printable(name), fmt.Sprintf("it unpacks to another size than the %d bytes it should have", size))
	}
	s, err := w.files.open(path)
	s.name, s.temporary = name, true
	return s, err
}

// copySparse copies and leaves holes where there are only zeroes.
func copySparse(to *os.File, from io.Reader) (written int64, err error) {
	chunk := make([]byte, 256<<10)
	zeroes := make([]byte, len(chunk))
	for {
		n := 0
		// Not io.ReadFull: it hides whether a compressed stream was cut off.
		for n < len(chunk) && err == nil {
			var got int
			got, err = from.Read(chunk[n:])
			n += got
		}
		if !bytes.Equal(chunk[:n], zeroes[:n]) {
			if _, err := to.WriteAt(chunk[:n], written); err != nil {
				return written, err
			}
		}
		written += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			return written, to.Truncate(written)
		case err != nil:
			return written, err
		}
	}
}

// decompress opens a compressed stream.
func decompress(stream io.Reader, found format) (io.Reader, error) {
	switch found {
	case formatXZ:
		return xz.ReaderConfig{DictCap: 64 << 20}.NewReader(stream)
	case formatBzip2:
		return bzip2.NewReader(stream), nil
	case formatZstd:
		return zstd.NewReader(stream, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
	}
	return newGzipMembers(stream)
}

// gzipMembers unpacks the members of a gzip file, which follow one another. What follows
// them and is none, as the padding of a tape or the end of a line, is not read: gzip
// ignores it, too.
type gzipMembers struct {
	packed *bufio.Reader
	member *gzip.Reader
}

func newGzipMembers(stream io.Reader) (*gzipMembers, error) {
	packed := bufio.NewReader(stream)
	member, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	member.Multistream(false)
	return &gzipMembers{packed, member}, nil
}

// Read implements io.Reader.
func (g *gzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := g.member.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		more, err := g.next()
		if err == nil && !more {
			err = io.EOF
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next goes on to the next member; more is false where there is none.
func (g *gzipMembers) next() (more bool, err error) {
	magic, err := g.packed.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if string(magic) != "\x1f\x8b" {
		return false, nil
	}
	if err := g.member.Reset(g.packed); err != nil {
		return false, err
	}
	g.member.Multistream(false)
	return true, nil
}

// holdsTar makes sure that a compressed file has a tar archive in it, and returns what is
// in it from its beginning.
func holdsTar(archive section, stream io.Reader, found format) (io.Reader, error) {
	content := bufio.NewReaderSize(stream, 4<<10)
	head, err := content.Peek(sectorSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unsoundArchive(archive, err)
	}
	inside := detectIn(head, nil)
	if inside == formatTar || inside == formatRaw && isTarHeader(head) {
		return content, nil
	}
	what := inside.name
	advice := "unpack it first: " + found.unpacked(archive)
	switch {
	case inside == formatRaw:
		what = "no tar archive"
		advice += ", and look at what comes out: a package is a tar archive"
	case inside.sourceType != "":
		advice += fmt.Sprintf(", and migrate that with source.type %q", inside.sourceType)
	}
	return nil, refuse(fmt.Sprintf("%s is %s, and what is in it is %s", archive.name, found.name, what), advice)
}

// isTarHeader reports whether a block begins an archive of a tar older than ustar.
func isTarHeader(block []byte) bool {
	header, err := tar.NewReader(bytes.NewReader(block)).Next()
	return err == nil && header.Name != ""
}

// maxTail is how much may follow the end of an archive in its stream, in bytes. Programs
// fill up their last record, which has 10 KiB, or as much as they are told.
const maxTail = 64 << 20

// readTail reads what a compressed stream still has behind the archive in it: the
// checksum of all that was unpacked is behind that. Without it, nobody notices a flipped
// bit in what could not be compressed.
func readTail(stream io.Reader) error {
	n, err := io.CopyN(io.Discard, stream, maxTail)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, bzip2.StructuralError("bad magic value in continuation file")):
		return nil // what follows is no bzip2 stream; the one before it is complete
	case err == nil:
		return fmt.Errorf("more than %d bytes follow the archive's end", n)
	}
	return err
}

// openCompressedTar unpacks a package that was compressed as a whole, in one
// pass.
func (o *opening) openCompressedTar(ctx context.Context, archive section, found format) (*ovfPackage, error) {
	if o.work.probing {
		return nil, &packedError{archive.size}
	}
	stream, err := decompress(archive.reader(), found)
	if err != nil {
		return nil, damaged(archive.name, err.Error())
	}
	if stream, err = holdsTar(archive, stream, found); err != nil {
		return nil, err
	}
	o.warn(report.ConcernUnpacked, "to save the space and the time, migrate a plain tar archive, which is used where it lies",
		"%s is compressed as a whole and had to be unpacked into %s", archive.name, o.work.path)
	unpacked := newMembers[section]()
	err = walkTar(stream, func(header *tar.Header, name string, content io.Reader) error {
		if isLitter(name) {
			return nil
		}
		s, err := o.work.unpack(ctx, content, name, header.Size)
		if err == nil {
			unpacked.add(name, s)
		}
		return err
	}, unpacked.reject)
	if err == nil {
		err = readTail(contextio.NewReader(ctx, stream))
	}
	if remedy.Of(err) != "" || ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		return nil, unsoundArchive(archive, err)
	}
	return unpacked.asPackage(archive.name, func(_ context.Context, _ string, s section) (section, error) { return s, nil }), nil
}
