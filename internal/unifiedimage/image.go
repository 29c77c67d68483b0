// Package unifiedimage reads unified kernel images, and gives their sections other
// content: https://uapi-group.org/specifications/specs/unified_kernel_image/. Such an image
// is one EFI program with a Linux kernel, its initramfs and its parameters in it.
package unifiedimage

import (
	"debug/pe"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The sections of an image that are known here.
const (
	Kernel    = ".linux"
	Initramfs = ".initrd"
	Cmdline   = ".cmdline"
	Version   = ".uname"
	profile   = ".profile" // what follows it belongs to that profile alone
)

// maxText is the size in bytes up to which a section is text.
const maxText = 64 << 10

// Image is a unified kernel image.
type Image struct {
	file io.ReaderAt
	size int64
	pe   *pe.File
}

// Open reads the headers of a file of size bytes. It fails where that is no EFI program.
func Open(file io.ReaderAt, size int64) (*Image, error) {
	var magic [2]byte
	if _, err := file.ReadAt(magic[:], 0); err != nil || string(magic[:]) != "MZ" {
		return nil, errors.New("it is no EFI program: it does not begin as one") // debug/pe takes objects, too
	}
	parsed, err := pe.NewFile(io.NewSectionReader(file, 0, size))
	if err != nil {
		return nil, fmt.Errorf("it is no EFI program: %w", err)
	}
	return &Image{file: file, size: size, pe: parsed}, nil
}

// Size is that of the whole file, in bytes.
func (i *Image) Size() int64 { return i.size }

// Machine is the processor that the image is for, as debug/pe has it.
func (i *Image) Machine() uint16 { return i.pe.Machine }

// Section reads a section of the image without its padding: that of no profile, which the
// image starts where nobody chooses. ok is false where it has none.
func (i *Image) Section(name string) (content *io.SectionReader, ok bool, err error) {
	for _, s := range i.pe.Sections {
		switch s.Name {
		case profile:
			return nil, false, nil
		case name:
			if int64(s.Offset)+int64(s.Size) > i.size {
				return nil, false, fmt.Errorf("its section %s reaches over its end", name)
			}
			return io.NewSectionReader(i.file, int64(s.Offset), length(s)), true, nil
		}
	}
	return nil, false, nil
}

// length is that of a section's content, in bytes. Beyond the smaller of its two sizes
// there is padding, in the file or in memory.
func length(s *pe.Section) int64 {
	if s.VirtualSize == 0 {
		return int64(s.Size)
	}
	return int64(min(s.VirtualSize, s.Size))
}

// Text is a section that holds text, and "" where the image has none.
func (i *Image) Text(name string) (string, error) {
	section, ok, err := i.Section(name)
	if err != nil || !ok {
		return "", err
	}
	if section.Size() > maxText {
		return "", errors.New("its section " + name + " is too long")
	}
	data, err := io.ReadAll(section)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(data), "\x00\n "), nil
}
