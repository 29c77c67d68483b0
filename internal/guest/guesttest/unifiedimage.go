package guesttest

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"testing"
)

// Section is one of a unified kernel image.
type Section struct {
	Name, Content string
	Executable    bool
}

// Alignments of the sections of UnifiedImageOf, in bytes.
const (
	inFile   = 512
	inMemory = 4096
)

// UnifiedImage is the file of a unified kernel image with these parameters, and without a
// kernel.
func UnifiedImage(t *testing.T, cmdline string) string {
	t.Helper()
	return UnifiedImageOf(t, Section{Name: ".cmdline", Content: cmdline})
}

// UnifiedImageOf is the file of a unified kernel image: a program that does nothing, and
// the sections.
func UnifiedImageOf(t *testing.T, sections ...Section) string {
	t.Helper()
	sections = append([]Section{{Name: ".text", Content: "\xc3", Executable: true}}, sections...)
	var header, content bytes.Buffer
	header.WriteString("MZ")
	header.Write(make([]byte, 0x3c-2))
	write := func(v any) {
		if err := binary.Write(&header, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	write(uint32(64))
	header.WriteString("PE\x00\x00")
	write(pe.FileHeader{
		Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: uint16(len(sections)),
		SizeOfOptionalHeader: uint16(binary.Size(pe.OptionalHeader64{})),
	})
	optional := pe.OptionalHeader64{
		Magic: 0x20b, AddressOfEntryPoint: inMemory, SectionAlignment: inMemory, FileAlignment: inFile,
		SizeOfHeaders: 4096, NumberOfRvaAndSizes: 16,
	}
	address := uint32(inMemory)
	var table []pe.SectionHeader32
	for _, s := range sections {
		h := pe.SectionHeader32{
			VirtualSize: uint32(len(s.Content)), VirtualAddress: address,
			SizeOfRawData: up(len(s.Content), inFile), PointerToRawData: optional.SizeOfHeaders + uint32(content.Len()),
		}
		copy(h.Name[:], s.Name)
		if s.Executable {
			h.Characteristics = pe.IMAGE_SCN_MEM_EXECUTE
		}
		table = append(table, h)
		address += up(len(s.Content), inMemory)
		content.WriteString(s.Content)
		content.Write(make([]byte, int(h.SizeOfRawData)-len(s.Content)))
	}
	optional.SizeOfImage = address
	write(optional)
	write(table)
	header.Write(make([]byte, int(optional.SizeOfHeaders)-header.Len()))
	return header.String() + content.String()
}

// up rounds up to a multiple of the alignment, which is not zero.
func up(size, alignment int) uint32 { return uint32((size + alignment - 1) / alignment * alignment) }
