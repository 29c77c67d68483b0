package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type mbrEntry struct {
	status, kind byte
	start, size  uint32
}

// mbr makes a disk of that many sectors.
func mbr(length int, entries ...mbrEntry) []byte {
	disk := make([]byte, length*sectorSize)
	disk[510], disk[511] = 0x55, 0xaa
	for n, e := range entries {
		at := disk[mbrEntries+n*mbrEntrySize:]
		at[0], at[4] = e.status, e.kind
		binary.LittleEndian.PutUint32(at[8:], e.start)
		binary.LittleEndian.PutUint32(at[12:], e.size)
	}
	return disk
}

// gpt makes a disk of length sectors whose table was made for one of declared
// sectors, with one partition that ends at last.
func gpt(sector, length, declared, last int) []byte {
	disk := mbr(length*sector/sectorSize, mbrEntry{kind: mbrProtective, start: 1, size: 0xffffffff})
	header := disk[sector:]
	copy(header, "EFI PART\x00\x00\x01\x00")
	binary.LittleEndian.PutUint32(header[12:], gptHeaderSize)
	for offset, value := range map[int]int{24: 1, 32: declared - 1, 40: 6, 48: declared - 6, 72: 2} {
		binary.LittleEndian.PutUint64(header[offset:], uint64(value))
	}
	binary.LittleEndian.PutUint32(header[80:], 4)
	binary.LittleEndian.PutUint32(header[84:], gptMinimumSize)
	entry := disk[2*sector:]
	entry[0] = 1
	binary.LittleEndian.PutUint64(entry[32:], 6)
	binary.LittleEndian.PutUint64(entry[40:], uint64(last))
	binary.LittleEndian.PutUint32(header[16:], crc32.ChecksumIEEE(header[:gptHeaderSize]))
	return disk
}

func TestRawCutOff(t *testing.T) {
	with := func(disk []byte, offset int, text string) []byte {
		copy(disk[offset:], text)
		return disk
	}
	linux := mbrEntry{0x80, 0x83, 8, 56}
	extended := mbrEntry{0, 0x0f, 64, 64}
	tests := map[string]struct {
		disk []byte
		cut  bool
	}{
		"MBR":                              {disk: mbr(64, linux)},
		"MBR cut":                          {disk: mbr(63, linux), cut: true},
		"MBR with a part of a sector":      {disk: mbr(64, linux)[:63*sectorSize+1]},
		"extended":                         {disk: mbr(128, linux, extended)},
		"extended cut":                     {disk: mbr(100, linux, extended), cut: true},
		"last entry first, cut":            {disk: mbr(100, extended, linux), cut: true},
		"largest entry":                    {disk: mbr(64, mbrEntry{0, 0x83, 0xffffffff, 0xffffffff}), cut: true},
		"no signature":                     {disk: with(mbr(63, linux), 510, "\x00\x00")},
		"status that is none":              {disk: mbr(63, linux, mbrEntry{status: 0x33})},
		"type 0":                           {disk: mbr(63, mbrEntry{0, 0, 8, 56})},
		"overlapping":                      {disk: mbr(63, linux, mbrEntry{0, 0x83, 9, 400})},
		"start 0, as of a hybrid ISO":      {disk: mbr(63, mbrEntry{0x80, 0x17, 0, 640})},
		"no table, as of an ISO":           {disk: make([]byte, 63*sectorSize)},
		"FAT":                              {disk: with(mbr(63, linux), 54, "FAT16   ")},
		"FAT32":                            {disk: with(mbr(63, linux), 82, "FAT32   ")},
		"NTFS":                             {disk: with(mbr(63, linux), 3, "NTFS    ")},
		"code":                             {disk: with(mbr(63), mbrEntries, strings.Repeat("\xb4\x0e\xcd\x10\xeb\xf5", 10))},
		"GPT":                              {disk: gpt(512, 64, 64, 58)},
		"GPT without its backup":           {disk: gpt(512, 63, 64, 20)},
		"GPT with an entry behind it":      {disk: gpt(512, 64, 64, 64), cut: true},
		"GPT of 4096 bytes":                {disk: gpt(4096, 64, 64, 58)},
		"GPT of 4096 bytes cut":            {disk: gpt(4096, 63, 64, 63), cut: true},
		"GPT with a wrong checksum":        {disk: with(gpt(512, 63, 64, 64), sectorSize+32, "\x01")},
		"GPT that no protective entry has": {disk: with(gpt(512, 63, 64, 64), mbrEntries, string(make([]byte, 16)))},
		"GPT that reaches without end":     {disk: gpt(512, 64, 64, -1), cut: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disk.img")
			if err := os.WriteFile(path, test.disk, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Glance(t.Context(), Request{Type: TypeRaw, Path: path})
			if cut := err != nil; cut != test.cut {
				t.Fatalf("%v", err)
			}
			var refused *refusal
			if test.cut && (!errors.As(err, &refused) || !strings.Contains(err.Error(), "cut off")) {
				t.Errorf("%v", err)
			}
		})
	}
}

func FuzzPartitionTable(f *testing.F) {
	f.Add(mbr(8, mbrEntry{0x80, 0x83, 8, 56}))
	f.Add(gpt(512, 16, 64, 58))
	f.Add(gpt(4096, 4, 64, 58))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := span{ReaderAt: bytes.NewReader(data), name: "x", size: int64(len(data)), whole: true}
		if _, err := partitionedEnd(s); err != nil {
			t.Error(err)
		}
	})
}
