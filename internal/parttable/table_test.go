package parttable

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// sparseDisk is a disk of which only some places are not zero.
type sparseDisk struct {
	size   int64
	places map[int64][]byte
}

func (d sparseDisk) ReadAt(p []byte, off int64) (int, error) {
	buffer := make([]byte, d.size)
	for at, data := range d.places {
		copy(buffer[at:], data)
	}
	return bytes.NewReader(buffer).ReadAt(p, off)
}

func mbr(signature uint32, records ...[4]uint32) []byte {
	sector := make([]byte, 512)
	binary.LittleEndian.PutUint32(sector[440:], signature)
	for i, record := range records {
		entry := sector[446+16*i:]
		entry[0], entry[4] = byte(record[0]), byte(record[1])
		binary.LittleEndian.PutUint32(entry[8:], record[2])
		binary.LittleEndian.PutUint32(entry[12:], record[3])
	}
	sector[510], sector[511] = 0x55, 0xaa
	return sector
}

func headerOfGPT(entries uint64, count, size uint32) []byte {
	header := make([]byte, 92)
	copy(header, "EFI PART")
	binary.LittleEndian.PutUint64(header[72:], entries)
	binary.LittleEndian.PutUint32(header[80:], count)
	binary.LittleEndian.PutUint32(header[84:], size)
	return header
}

func entryOfGPT(t *testing.T, kind, id string, first, last uint64, attributes byte, name string) []byte {
	t.Helper()
	entry := make([]byte, 128)
	for i, guid := range []string{kind, id} {
		raw, err := hex.DecodeString(guid)
		if err != nil {
			t.Fatal(err)
		}
		copy(entry[16*i:], raw)
	}
	binary.LittleEndian.PutUint64(entry[32:], first)
	binary.LittleEndian.PutUint64(entry[40:], last)
	entry[48] = attributes
	for i, unit := range utf16.Encode([]rune(name)) {
		binary.LittleEndian.PutUint16(entry[56+2*i:], unit)
	}
	return entry
}

func TestRead(t *testing.T) {
	t.Parallel()
	const (
		espBytes  = "28732ac11ff8d211ba4b00a0c93ec93b" // C12A7328-F81F-11D2-BA4B-00A0C93EC93B as on a disk
		uuidBytes = "78563412bc9af0de0102030405060708"
	)
	fat := mbr(0, [4]uint32{0, 0x83, 1, 1})
	copy(fat[54:], "FAT16   ")
	code := mbr(0, [4]uint32{0x41, 0x83, 1, 1})
	bootSector := mbr(0)
	copy(bootSector, "\xeb\x63\x90GRUB ")
	volume := mbr(0, [4]uint32{0, 0x83, 1, 1})
	copy(volume[3:], "-FVE-FS-")
	// A file system was where the extended partition is.
	leftover := mbr(0, [4]uint32{0x33, 0x83, 1, 9})
	copy(leftover[54:], "FAT16   ")
	codeBehind := mbr(0)
	copy(codeBehind[440:], strings.Repeat("\xb4\x0e\xcd\x10\xeb\xf5", 11))
	tests := map[string]struct {
		disk   sparseDisk
		sector int
		table  string
		want   []Partition
		err    bool
	}{
		"empty disk":                                 {disk: sparseDisk{size: 4096}},
		"file system on the disk":                    {disk: sparseDisk{size: 4096, places: map[int64][]byte{0: fat}}},
		"BitLocker on the disk":                      {disk: sparseDisk{size: 4096, places: map[int64][]byte{0: volume}}},
		"boot code only":                             {disk: sparseDisk{size: 4096, places: map[int64][]byte{0: code}}},
		"smaller than a sector":                      {disk: sparseDisk{size: 100}, err: true},
		"no partitions":                              {disk: sparseDisk{size: 4096, places: map[int64][]byte{0: mbr(1)}}},
		"boot sector of a file system":               {disk: sparseDisk{size: 4096, places: map[int64][]byte{0: bootSector}}},
		"leftover of an entry":                       {disk: sparseDisk{size: 4096, places: map[int64][]byte{0: mbr(0, [4]uint32{0, 0x83, 63, 0})}}},
		"extlinux, which has code where entries are": {disk: sparseDisk{size: 4096, places: map[int64][]byte{0: codeBehind}}},
		"MBR with large sectors": {
			sector: 4096,
			disk:   sparseDisk{size: 64 << 10, places: map[int64][]byte{0: mbr(1, [4]uint32{0, 0x83, 2, 4})}},
			table:  "dos",
			want:   []Partition{{Number: 1, Start: 8192, Size: 16384, MBRType: 0x83, UUID: "00000001-01"}},
		},
		"primary and logical": {
			disk: sparseDisk{size: 100 * 512, places: map[int64][]byte{
				0:        mbr(0xdeadbeef, [4]uint32{0x80, 0x83, 1, 9}, [4]uint32{}, [4]uint32{0, 0x05, 20, 60}),
				20 * 512: mbr(0, [4]uint32{0, 0x82, 1, 9}, [4]uint32{0, 0x05, 10, 20}),
				30 * 512: mbr(0, [4]uint32{0, 0x8e, 2, 8}, [4]uint32{0, 0x05, 10, 20}), // leads back to itself
			}},
			table: "dos",
			want: []Partition{
				{Number: 1, Start: 512, Size: 9 * 512, MBRType: 0x83, Bootable: true, UUID: "deadbeef-01"},
				{Number: 3, Start: 20 * 512, Size: 60 * 512, MBRType: 0x05, UUID: "deadbeef-03"},
				{Number: 5, Start: 21 * 512, Size: 9 * 512, MBRType: 0x82, UUID: "deadbeef-05"},
				{Number: 6, Start: 32 * 512, Size: 8 * 512, MBRType: 0x8e, UUID: "deadbeef-06"},
			},
		},
		"logical in what was a file system": {
			disk:  sparseDisk{size: 100 * 512, places: map[int64][]byte{0: mbr(1, [4]uint32{0, 0x0f, 20, 60}), 20 * 512: leftover}},
			table: "dos",
			want: []Partition{
				{Number: 1, Start: 20 * 512, Size: 60 * 512, MBRType: 0x0f, UUID: "00000001-01"},
				{Number: 5, Start: 21 * 512, Size: 9 * 512, MBRType: 0x83, UUID: "00000001-05"},
			},
		},
		"chain out of the disk": {
			disk:  sparseDisk{size: 2048, places: map[int64][]byte{0: mbr(1, [4]uint32{0, 0x0f, 1000, 9})}},
			table: "dos",
			want:  []Partition{{Number: 1, Start: 1000 * 512, Size: 9 * 512, MBRType: 0x0f, UUID: "00000001-01"}},
		},
		"gpt": {
			disk: sparseDisk{size: 64 << 10, places: map[int64][]byte{
				0:           mbr(0, [4]uint32{0, 0xee, 1, 0xffffffff}),
				512:         headerOfGPT(2, 4, 128),
				2 * 512:     entryOfGPT(t, espBytes, uuidBytes, 10, 19, 0, "EFI System"),
				2*512 + 128: entryOfGPT(t, espBytes, uuidBytes, 20, 19, 4, "ends before it starts"),
			}},
			table: "gpt",
			want: []Partition{
				{
					Number: 1, Start: 5120, Size: 5120, GPTType: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
					UUID: "12345678-9abc-def0-0102-030405060708", Label: "EFI System",
				},
			},
		},
		"gpt with gaps, large entries and sectors": {
			sector: 4096,
			disk: sparseDisk{size: 64 << 10, places: map[int64][]byte{
				0:              mbr(0, [4]uint32{0, 0xee, 1, 0xffffffff}),
				4096:           headerOfGPT(2, 3, 256),
				2*4096 + 2*256: entryOfGPT(t, espBytes, uuidBytes, 10, 10, 4, "ü"),
			}},
			table: "gpt",
			want: []Partition{{
				Number: 3, Start: 40960, Size: 4096, GPTType: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", Bootable: true,
				UUID: "12345678-9abc-def0-0102-030405060708", Label: "ü",
			}},
		},
		"gpt with an entry behind every disk": {
			sector: 4096,
			disk: sparseDisk{size: 64 << 10, places: map[int64][]byte{
				0: mbr(0, [4]uint32{0, 0xee, 1, 9}), 4096: headerOfGPT(2, 4, 128), 2 * 4096: entryOfGPT(t, espBytes, uuidBytes, 10, 1<<52, 0, "too long"),
			}},
			table: "gpt",
		},
		"gpt behind the end": {disk: sparseDisk{size: 512, places: map[int64][]byte{0: mbr(0, [4]uint32{0, 0xee, 1, 9})}}},
		"gpt that is none":   {disk: sparseDisk{size: 4096, places: map[int64][]byte{0: mbr(0, [4]uint32{0, 0xee, 1, 9})}}},
		"gpt with a huge table": {disk: sparseDisk{size: 4096, places: map[int64][]byte{
			0: mbr(0, [4]uint32{0, 0xee, 1, 9}), 512: headerOfGPT(2, 1<<31, 4096),
		}}},
		"gpt with a table outside": {disk: sparseDisk{size: 4096, places: map[int64][]byte{
			0: mbr(0, [4]uint32{0, 0xee, 1, 9}), 512: headerOfGPT(1<<39, 4, 128),
		}}, err: true},
		"sector size": {disk: sparseDisk{size: 4096}, sector: 1, err: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sector := test.sector
			if sector == 0 {
				sector = 512
			}
			read, err := Read(test.disk, test.disk.size, sector)
			if (err != nil) != test.err {
				t.Fatalf("error %v", err)
			}
			if read.PartitionTable != test.table {
				t.Errorf("table %q, want %q", read.PartitionTable, test.table)
			}
			if diff := cmp.Diff(test.want, read.Partitions); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestESPs(t *testing.T) {
	t.Parallel()
	isESP := ESPs([]Disk{{}, {Partitions: []Partition{{Number: 1, GPTType: gptBIOSBoot}, {Number: 3, GPTType: strings.ToLower(GPTESP)}}}})
	for at, want := range map[[2]int]bool{{1, 3}: true, {1, 1}: false, {1, 2}: false, {0, 3}: false, {2, 3}: false, {-1, 3}: false} {
		if isESP(at[0], at[1]) != want {
			t.Errorf("disk %d, partition %d: %v", at[0], at[1], !want)
		}
	}
}
