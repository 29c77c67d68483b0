package unifiedimage

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Offsets in a program's optional header, and the sizes of the headers, in bytes: PE
// Format, https://learn.microsoft.com/windows/win32/debug/pe-format.
const (
	atInitializedData = 8
	atSizeOfImage     = 56
	atChecksum        = 64
	fileHeaderSize    = 20
	sectionHeaderSize = 40
)

// ErrSealed is returned where an image cannot be changed, or would not start afterwards.
var ErrSealed = errors.New("it cannot be changed")

func sealed(why string) error { return fmt.Errorf("%w: %s", ErrSealed, why) }

// layout is where an image's parts lie.
type layout struct {
	sectionAlignment, fileAlignment uint32 // bytes
	directories                     []pe.DataDirectory
	entry, end                      uint32 // addresses in memory
}

func (i *Image) layout() (l layout, err error) {
	var count uint32
	switch h := i.pe.OptionalHeader.(type) {
	case *pe.OptionalHeader64:
		l = layout{h.SectionAlignment, h.FileAlignment, h.DataDirectory[:], h.AddressOfEntryPoint, h.SizeOfImage}
		count = h.NumberOfRvaAndSizes
	case *pe.OptionalHeader32:
		l = layout{h.SectionAlignment, h.FileAlignment, h.DataDirectory[:], h.AddressOfEntryPoint, h.SizeOfImage}
		count = h.NumberOfRvaAndSizes
	default:
		return l, sealed("its header is not complete")
	}
	l.directories = l.directories[:min(int(count), len(l.directories))]
	for _, alignment := range []uint32{l.sectionAlignment, l.fileAlignment} {
		if alignment == 0 || alignment&(alignment-1) != 0 {
			return l, sealed("its sections are not aligned")
		}
	}
	return l, nil
}

// signature is the number of the directory that leads to a program's signatures.
const signature = pe.IMAGE_DIRECTORY_ENTRY_SECURITY

// Changeable returns an ErrSealed where a section of the image cannot get other content,
// of size bytes.
func (i *Image) Changeable(name string, size int64) error {
	_, err := i.change(name, size)
	return err
}

// change is what becomes of an image with other content in a section.
type change struct {
	target *pe.Section
	inFile uint32 // bytes by which what lies behind the section moves
	inMem  uint32
	layout layout
}

// change plans content of size bytes. What lies behind the section moves: it has the same
// distance to the rest in the file, and keeps its order in memory, as where the image had
// been built so.
func (i *Image) change(name string, size int64) (c change, err error) {
	if c.layout, err = i.layout(); err != nil {
		return c, err
	}
	if len(c.layout.directories) > signature && c.layout.directories[signature].Size > 0 {
		return c, sealed("it is signed")
	}
	for _, s := range i.pe.Sections {
		switch {
		case s.Name == profile:
			return c, sealed("it has several profiles")
		case s.Name == name && c.target != nil:
			return c, sealed("it has several sections " + name)
		case s.Name == name:
			c.target = s
		}
	}
	if c.target == nil {
		return c, sealed("it has no section " + name)
	}
	if size > math.MaxInt32 {
		return c, sealed("its section " + name + " would be too large")
	}
	c.inFile = up(uint32(size)-min(uint32(size), c.target.Size), c.layout.fileAlignment)
	room := c.layout.end - min(c.layout.end, c.target.VirtualAddress)
	for _, s := range i.pe.Sections {
		if s != c.target && s.Size > 0 && s.Offset < c.target.Offset+c.target.Size && c.target.Offset < s.Offset+s.Size {
			return c, sealed("its sections lie over each other")
		}
		if s.VirtualAddress > c.target.VirtualAddress {
			room = min(room, s.VirtualAddress-c.target.VirtualAddress)
		}
	}
	c.inMem = up(uint32(size)-min(uint32(size), room), c.layout.sectionAlignment)
	if uint64(c.layout.end)+uint64(c.inMem) > math.MaxInt32 || i.size+int64(c.inFile) > math.MaxInt32 {
		return c, sealed("it would be too large")
	}
	if c.inMem == 0 {
		return c, nil
	}
	return c, i.movable(c)
}

// movable reports what must stay where it is in memory: the program itself.
func (i *Image) movable(c change) error {
	behind := func(address uint32) bool { return address > c.target.VirtualAddress }
	moved := slices.ContainsFunc(i.pe.Sections, func(s *pe.Section) bool {
		// The kernel is a program of its own, and is loaded anew.
		return behind(s.VirtualAddress) && s.Name != Kernel && s.Characteristics&pe.IMAGE_SCN_MEM_EXECUTE != 0
	})
	for n, d := range c.layout.directories {
		moved = moved || n != signature && d.Size > 0 && behind(d.VirtualAddress)
	}
	if moved || behind(c.layout.entry) {
		return sealed("a part of its program lies behind its section " + c.target.Name)
	}
	return nil
}

// zeroes reads as zeroes without an end.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// up rounds up to a multiple of a power of two.
func up(n, alignment uint32) uint32 { return (n + alignment - 1) &^ (alignment - 1) }

// Replace writes the image with other content, of size bytes, in a section.
func (i *Image) Replace(w io.Writer, name string, content io.Reader, size int64) error {
	c, err := i.change(name, size)
	if err != nil {
		return err
	}
	head, err := i.head(c, uint32(size))
	if err != nil {
		return err
	}
	start := int64(c.target.Offset)
	if start < int64(len(head)) {
		return sealed("its section " + name + " lies in its header")
	}
	room := int64(c.target.Size) + int64(c.inFile)
	behind := start + int64(c.target.Size)
	for _, part := range []io.Reader{
		bytes.NewReader(head),
		io.NewSectionReader(i.file, int64(len(head)), start-int64(len(head))),
		&exactly{r: content, left: size},
		io.LimitReader(zeroes{}, room-size),
		io.NewSectionReader(i.file, behind, i.size-behind),
	} {
		if _, err := io.Copy(w, part); err != nil {
			return err
		}
	}
	return nil
}

// exactly fails where its reader has fewer bytes than it should, and reads no more.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	if e.left -= int64(n); errors.Is(err, io.EOF) {
		if err = nil; e.left > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// head is the beginning of the image, up to the end of the table of sections, after the
// change.
func (i *Image) head(c change, size uint32) ([]byte, error) {
	var start [4]byte
	if _, err := i.file.ReadAt(start[:], 0x3c); err != nil {
		return nil, err
	}
	file := int64(binary.LittleEndian.Uint32(start[:])) + 4 // behind "PE\0\0"
	optional := file + fileHeaderSize
	table := optional + int64(i.pe.SizeOfOptionalHeader)
	head := make([]byte, table+int64(len(i.pe.Sections))*sectionHeaderSize)
	if _, err := i.file.ReadAt(head, 0); err != nil {
		return nil, err
	}
	add := func(at int64, n uint32) {
		binary.LittleEndian.PutUint32(head[at:], binary.LittleEndian.Uint32(head[at:])+n)
	}
	if symbols := file + 8; i.pe.PointerToSymbolTable > c.target.Offset {
		add(symbols, c.inFile)
	}
	add(optional+atInitializedData, c.inFile)
	add(optional+atSizeOfImage, c.inMem)
	binary.LittleEndian.PutUint32(head[optional+atChecksum:], 0) // UEFI reads none
	for n, s := range i.pe.Sections {
		at := table + int64(n)*sectionHeaderSize
		switch {
		case s == c.target:
			binary.LittleEndian.PutUint32(head[at+8:], size)
			add(at+16, c.inFile)
			continue
		case s.VirtualAddress > c.target.VirtualAddress:
			add(at+12, c.inMem)
		}
		if s.Offset > c.target.Offset {
			add(at+20, c.inFile)
		}
	}
	return head, nil
}
