package parttable

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"
)

// core is a core as grub-mkimage makes it, with a kernel of nothing but a list of modules
// and a program of 2848 bytes in place of the one that unpacks it.
func core(t *testing.T, want GRUBCore) []byte {
	t.Helper()
	object := func(kind uint32, text string) []byte {
		data := append([]byte(text), make([]byte, 4-len(text)%4)...)
		return append(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, kind), uint32(8+len(data))), data...)
	}
	var objects []byte
	objects = append(objects, object(0, "\x7fELF and the code of a module")...)
	if want.Config != "" {
		objects = append(objects, object(objectConfig, want.Config)...)
	}
	objects = append(objects, object(objectPrefix, want.Prefix)...)
	kernel := []byte(strings.Repeat("the kernel of GRUB, with mimg in its code. ", 300))
	kernel = append(append(kernel, moduleMagic...), 12, 0, 0, 0)
	kernel = append(binary.LittleEndian.AppendUint32(kernel, uint32(12+len(objects))), objects...)
	var packed bytes.Buffer
	config := lzma.WriterConfig{Properties: &lzma.Properties{LC: 3, LP: 0, PB: 2}, DictCap: 1 << 16, SizeInHeader: true, Size: int64(len(kernel))}
	writer, err := config.NewWriter(&packed)
	if err == nil {
		_, err = writer.Write(kernel)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	program := make([]byte, 2848)
	binary.LittleEndian.PutUint32(program[decompressedOffset:], uint32(len(kernel)))
	return append(append(make([]byte, sectorSize), program...), packed.Bytes()[lzma.HeaderLen:]...)
}

// coreDisk is a disk whose boot code leads to a core at a sector.
func coreDisk(t *testing.T, want GRUBCore, sector int64) []byte {
	t.Helper()
	image := core(t, want)
	sectors := (len(image) + sectorSize - 1) / sectorSize
	disk := make([]byte, (sector+int64(sectors)+2)*sectorSize)
	copy(disk[0x180:], "GRUB ")
	binary.LittleEndian.PutUint64(disk[coreSectorOffset:], uint64(sector))
	disk[510], disk[511] = 0x55, 0xaa
	start := disk[sector*sectorSize:]
	copy(start, image)
	binary.LittleEndian.PutUint64(start[blockListOffset:], uint64(sector+1))
	binary.LittleEndian.PutUint16(start[blockListOffset+8:], uint16(sectors-1))
	binary.LittleEndian.PutUint16(start[blockListOffset+10:], coreSegment)
	return disk
}

func TestReadGRUBCore(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]GRUBCore{
		"a disk":   {Prefix: "(hd1,gpt2)/boot/grub"},
		"a search": {Prefix: "(,msdos1)/boot/grub", Config: "search.fs_uuid 0a1b2c3d-1111-2222-3333-444455556666 root hd0,msdos1\nset prefix=($root)'/boot/grub'\n"},
	} {
		for _, sector := range []int64{1, 2048} {
			disk := coreDisk(t, want, sector)
			got, err := ReadGRUBCore(bytes.NewReader(disk))
			if err != nil || got != want {
				t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
			}
			clear(disk[sector*sectorSize+sectorSize+2848+16:])
			if got, err := ReadGRUBCore(bytes.NewReader(disk)); !errors.Is(err, ErrNoGRUBCore) {
				t.Errorf("%s, cut off: %+v, %v", name, got, err)
			}
			if got, err := ReadGRUBCore(bytes.NewReader(disk[:sector*sectorSize])); !errors.Is(err, ErrNoGRUBCore) {
				t.Errorf("%s, without its end: %+v, %v", name, got, err)
			}
		}
	}
	if got, err := ReadGRUBCore(bytes.NewReader(make([]byte, sectorSize))); !errors.Is(err, ErrNoGRUBCore) {
		t.Errorf("%+v, %v", got, err)
	}
}
