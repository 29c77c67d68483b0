package guesttest

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"testing"
)

// UnifiedImage is the file of a unified kernel image with these parameters, and without a
// kernel.
func UnifiedImage(t *testing.T, cmdline string) string {
	t.Helper()
	var b bytes.Buffer
	dos := make([]byte, 64)
	copy(dos, "MZ")
	dos[0x3c] = 64
	b.Write(dos)
	b.WriteString("PE\x00\x00")
	section := pe.SectionHeader32{
		VirtualSize: uint32(len(cmdline)), SizeOfRawData: 512, PointerToRawData: 512,
	}
	copy(section.Name[:], ".cmdline")
	for _, header := range []any{pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1}, section} {
		if err := binary.Write(&b, binary.LittleEndian, header); err != nil {
			t.Fatal(err)
		}
	}
	b.Write(make([]byte, 512-b.Len()))
	b.WriteString(cmdline)
	b.Write(make([]byte, 1024-b.Len()))
	return b.String()
}
