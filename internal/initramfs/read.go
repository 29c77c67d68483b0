package initramfs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/cavaliergopher/cpio"
)

// Limits for images that were made to hurt. A full image of a distribution
// unpacks to some 300 MB, with about 5,000 entries.
const (
	maxUnpacked = 4 << 30   // bytes of all segments
	maxEntries  = 200_000   // of all archives
	maxText     = 256 << 10 // bytes of one configuration file; larger ones are not kept
	maxTexts    = 4 << 20
	maxIndex    = 16 << 20 // bytes of one module index
	maxIndexes  = 64 << 20
	maxSegments = 64
)

// Read goes once through an image. Errors name the offset where the image
// stops being one.
func Read(r io.Reader) (*Image, error) {
	s := &scan{
		c: newCursor(r),
		image: &Image{
			Generator: GeneratorUnknown,
			modules:   map[string]map[string]string{},
			roots:     map[string]string{},
			texts:     map[string][]byte{},
			tools:     map[string]bool{},
			indexes:   map[string][]byte{},
			dirs:      map[string]bool{},
			links:     map[string]string{},
		},
	}
	for {
		more, err := skipZeros(s.c)
		if err != nil {
			return nil, fmt.Errorf("initramfs: %w", err)
		}
		if !more {
			break
		}
		offset := s.c.pos
		if err := s.segment(); err != nil {
			return nil, fmt.Errorf("initramfs: segment at offset %d: %w", offset, err)
		}
	}
	if len(s.image.Segments) == 0 {
		return nil, errors.New("initramfs: no archive in the image")
	}
	s.image.Size = s.c.pos
	return s.image, nil
}

// scan is the state of one Read.
type scan struct {
	c        *cursor
	image    *Image
	unpacked int64
	entries  int
	texts    int
	indexes  int
}

func (s *scan) segment() error {
	if len(s.image.Segments) == maxSegments {
		return fmt.Errorf("more than %d segments", maxSegments)
	}
	head, err := s.c.peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	compression, known := detect(head)
	if !known {
		return errors.New("neither a cpio archive nor a known compression")
	}
	segment := Segment{Offset: s.c.pos, Compression: compression}
	before := s.unpacked
	if compression == CompressionNone {
		if segment.Offset%4 != 0 {
			return errors.New("plain cpio archive does not start at a multiple of 4")
		}
		if err := s.archive(s.c); err != nil {
			return err
		}
		segment.Uncompressed = s.c.pos - segment.Offset
		s.unpacked += segment.Uncompressed
	} else {
		stream, err := open(s.c, compression)
		if err != nil {
			return fmt.Errorf("%s: %w", compression, err)
		}
		err = s.stream(stream)
		if closed := stream.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("%s: %w", compression, err)
		}
		segment.Uncompressed = s.unpacked - before
	}
	segment.Size = s.c.pos - segment.Offset
	s.image.Segments = append(s.image.Segments, segment)
	return nil
}

// stream reads the archives of one decompressed stream to its end.
func (s *scan) stream(r io.Reader) error {
	b := bufio.NewReaderSize(&budget{r: r, left: maxUnpacked - s.unpacked, used: &s.unpacked}, 64<<10)
	for {
		more, err := skipZeros(b)
		if err != nil || !more {
			return err
		}
		if err := s.archive(b); err != nil {
			return err
		}
	}
}

// budget fails where a stream unpacks to more than it may.
type budget struct {
	r    io.Reader
	left int64
	used *int64
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("image unpacks to more than %d bytes", int64(maxUnpacked))
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	*b.used += int64(n)
	return n, err
}

// byteScanner is what zero bytes can be skipped on.
type byteScanner interface {
	io.Reader
	io.ByteReader
}

func skipZeros(r byteScanner) (more bool, err error) {
	for {
		b, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if b == 0 {
			continue
		}
		switch r := r.(type) {
		case *cursor:
			r.rewind(1)
		case *bufio.Reader:
			err = r.UnreadByte()
		}
		return true, err
	}
}

// archive reads one cpio archive up to its trailer.
func (s *scan) archive(r io.Reader) error {
	archive := cpio.NewReader(r)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cpio: %w", err)
		}
		if header.Size < 0 {
			return fmt.Errorf("cpio: entry %q has a negative size", header.Name)
		}
		if s.entries++; s.entries > maxEntries {
			return fmt.Errorf("cpio: more than %d entries", maxEntries)
		}
		if err := s.entry(header, archive); err != nil {
			return fmt.Errorf("cpio: %q: %w", header.Name, err)
		}
	}
}

func (s *scan) entry(header *cpio.Header, content io.Reader) error {
	i := s.image
	name := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
	i.mark(name)
	switch header.Mode & cpio.ModeType {
	case cpio.TypeDir:
		if inModules(name) || strings.Count(name, "/") < 3 {
			i.dirs[name] = true
		}
		if version, ok := versionOf(name); ok {
			i.roots[version] = modulesRoot(name)
		}
	case cpio.TypeSymlink:
		if !strings.Contains(name, "/") {
			i.links[name] = header.Linkname
		}
	case cpio.TypeReg:
		return s.file(name, header.Size, content)
	}
	return nil
}

func (s *scan) file(name string, size int64, content io.Reader) error {
	i := s.image
	version, inTree := versionOf(name)
	switch {
	case inTree && isModule(name):
		i.roots[version] = modulesRoot(name)
		if i.modules[version] == nil {
			i.modules[version] = map[string]string{}
		}
		i.modules[version][ModuleName(path.Base(name))] = name
	case inTree && keptIndex(path.Base(name)) && path.Dir(name) == modulesRoot(name):
		if size > maxIndex || s.indexes+int(size) > maxIndexes {
			return fmt.Errorf("module index of %d bytes exceeds the limit", size)
		}
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		s.indexes += len(data)
		i.indexes[name] = data
	case (name == "init" || name == "linuxrc") && size <= maxText:
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		i.markScript(string(data))
	case name == "etc/mdev.conf" && size <= maxText:
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		i.markMdev(string(data))
	case keptText(name) && size <= maxText && s.texts+int(size) <= maxTexts:
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		s.texts += len(data)
		i.texts[name] = data
	}
	return nil
}

// keptIndex says which module indexes an extended image must carry on.
func keptIndex(base string) bool {
	switch base {
	case "modules.dep", "modules.alias", "modules.symbols", "modules.softdep":
		return true
	}
	return false
}
