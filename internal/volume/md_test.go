package volume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

const mdSize = 4 << 20

// mdMember makes a member with a superblock of version 1 at a byte.
func mdMember(name string, at int64, events uint64, role uint16, content string) Device {
	le := binary.LittleEndian
	data := make([]byte, mdSize)
	sb := data[at:]
	le.PutUint32(sb, mdMagic)
	le.PutUint32(sb[4:], 1)
	copy(sb[16:], "0123456789abcdef")
	copy(sb[32:], "web1:root")
	le.PutUint32(sb[72:], 1)
	le.PutUint64(sb[80:], 2048)
	le.PutUint64(sb[128:], 2048)
	le.PutUint64(sb[144:], uint64(at)/512)
	le.PutUint64(sb[200:], events)
	le.PutUint16(sb[256:], role)
	copy(data[1<<20:], content)
	return Device{Name: name, ReaderAt: bytes.NewReader(data), Size: mdSize}
}

func TestArrays(t *testing.T) {
	t.Parallel()
	end := int64(mdSize - 8192)
	arrays := Arrays([]Device{
		mdMember("/dev/sda1", 4096, 7, 0, "stale"),
		{Name: "/dev/sda2", ReaderAt: bytes.NewReader(make([]byte, mdSize)), Size: mdSize},
		mdMember("/dev/sdb1", end, 9, 1, "newest"),
		mdMember("/dev/sdc1", 0, 11, 0xffff, "spare"),
	})
	if len(arrays) != 1 {
		t.Fatalf("%d arrays", len(arrays))
	}
	array := arrays[0]
	if array.UUID != "30313233-3435-3637-3839-616263646566" || array.Name != "web1:root" || array.Level != 1 || array.Size != 1<<20 || len(array.Members) != 3 {
		t.Errorf("%+v", array)
	}
	opened, err := array.Open()
	if err != nil {
		t.Fatal(err)
	}
	start := make([]byte, 6)
	if _, err := opened.ReadAt(start, 0); err != nil || string(start) != "newest" || opened.Size != 1<<20 {
		t.Errorf("%q of %d bytes, %v", start, opened.Size, err)
	}
	if n, err := opened.ReadAt(start, 1<<20-3); n != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes at the end, %v", n, err)
	}
	array.Level = 5
	if _, err := array.Open(); !errors.Is(err, ErrUnsupported) {
		t.Errorf("RAID 5: %v", err)
	}
}

func TestOldArray(t *testing.T) {
	t.Parallel()
	data := make([]byte, mdSize)
	sb := data[mdSize-64<<10:]
	words := map[int]uint32{0: mdMagic, 2: 90, 5: 0x33323130, 7: 1, 8: 1024, 13: 0x37363534, 14: 0x62613938, 15: 0x66656463, 39: 4, 996: 6}
	for n, word := range words {
		binary.LittleEndian.PutUint32(sb[4*n:], word)
	}
	copy(data, "content")
	arrays := Arrays([]Device{{Name: "/dev/hda1", ReaderAt: bytes.NewReader(data), Size: mdSize}})
	if len(arrays) != 1 || arrays[0].UUID != "30313233-3435-3637-3839-616263646566" || arrays[0].Size != 1<<20 {
		t.Fatalf("%+v", arrays)
	}
	opened, err := arrays[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	start := make([]byte, 7)
	if _, err := opened.ReadAt(start, 0); err != nil || string(start) != "content" {
		t.Errorf("%q, %v", start, err)
	}
}

// FuzzArrays opens whatever superblock there is.
func FuzzArrays(f *testing.F) {
	device := mdMember("a", 4096, 1, 0, "")
	start := make([]byte, 512)
	if _, err := device.ReadAt(start, 4096); err != nil {
		f.Fatal(err)
	}
	f.Add(start)
	f.Fuzz(func(t *testing.T, superblock []byte) {
		for _, array := range Arrays([]Device{sparse("a", mdSize, 4096, superblock)}) {
			opened, err := array.Open()
			if err != nil {
				continue
			}
			if opened.Size <= 0 || opened.Size > mdSize {
				t.Fatalf("an array of %d bytes on a device of %d", opened.Size, mdSize)
			}
			if _, err := opened.ReadAt(make([]byte, 1), opened.Size-1); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// island is a device that is empty but for some bytes.
type island struct {
	size, at int64
	data     []byte
}

// sparse makes such a device.
func sparse(name string, size, at int64, data []byte) Device {
	return Device{Name: name, ReaderAt: island{size, at, data}, Size: size}
}

// ReadAt implements io.ReaderAt.
func (i island) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(min(int64(len(p)), i.size-off), 0))
	clear(p[:n])
	for k := range n {
		if at := off + int64(k) - i.at; at >= 0 && at < int64(len(i.data)) {
			p[k] = i.data[at]
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
