package boot_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// Programs of a few bytes stand for systems: what a guest comes to is seen without
// one.

const sectorSize = 512

// bootSector is a disk of one MiB that a BIOS starts the code from.
func bootSector(code ...byte) []byte {
	disk := make([]byte, 1<<20)
	copy(disk, code)
	disk[sectorSize-2], disk[sectorSize-1] = 0x55, 0xaa
	return disk
}

// saying is the code that prints the text and stops.
func saying(text string) []byte {
	// mov si, text; lodsb; test al, al; jz; mov ah, 0xe; int 0x10; jmp; hlt; jmp
	code := []byte{0xbe, 0x11, 0x7c, 0xac, 0x84, 0xc0, 0x74, 6, 0xb4, 0xe, 0xcd, 0x10, 0xeb, 0xf5, 0xf4, 0xeb, 0xfd}
	return append(append(code, text...), 0)
}

// efiProgram is a program for UEFI on x86-64 that is the code alone (PE/COFF
// specification, chapters 3 and 4).
func efiProgram(code ...byte) []byte {
	const (
		headers = 0x40
		text    = 0x200 // in the file
		loaded  = 0x1000
	)
	le := binary.LittleEndian
	file := make([]byte, text+sectorSize)
	copy(file, "MZ")
	le.PutUint32(file[0x3c:], headers)
	coff := file[headers:]
	copy(coff, "PE\x00\x00")
	le.PutUint16(coff[4:], 0x8664)  // machine
	le.PutUint16(coff[6:], 1)       // sections
	le.PutUint16(coff[20:], 0xf0)   // optional header
	le.PutUint16(coff[22:], 0x0022) // executable, large addresses
	optional := coff[24:]
	le.PutUint16(optional, 0x20b) // PE32+
	le.PutUint32(optional[4:], sectorSize)
	le.PutUint32(optional[16:], loaded)     // entry
	le.PutUint32(optional[20:], loaded)     // code
	le.PutUint64(optional[24:], 0x10000000) // preferred address
	le.PutUint32(optional[32:], loaded)     // alignment in memory
	le.PutUint32(optional[36:], sectorSize)
	le.PutUint32(optional[56:], 2*loaded) // size in memory
	le.PutUint32(optional[60:], text)
	le.PutUint16(optional[68:], 10) // application
	le.PutUint32(optional[108:], 16)
	section := optional[0xf0:]
	copy(section, ".text")
	le.PutUint32(section[8:], sectorSize)
	le.PutUint32(section[12:], loaded)
	le.PutUint32(section[16:], sectorSize)
	le.PutUint32(section[20:], text)
	le.PutUint32(section[36:], 0x60000020) // code, executable, readable
	copy(file[text:], code)
	return file
}

// systemPartition is a disk with a FAT16 file system and no partitions, on which
// UEFI finds the program as \EFI\BOOT\BOOTX64.EFI.
func systemPartition(program []byte) []byte {
	const (
		cluster   = 8 * sectorSize
		sectors   = 64 << 20 / sectorSize
		perFAT    = 64
		rootFiles = 512
		fat       = sectorSize
		root      = fat + 2*perFAT*sectorSize
		data      = root + rootFiles*32
		end       = 0xffff
	)
	le := binary.LittleEndian
	disk := make([]byte, sectors*sectorSize)
	copy(disk, "\xeb\x3c\x90MSDOS5.0")
	le.PutUint16(disk[11:], sectorSize)
	disk[13] = cluster / sectorSize
	le.PutUint16(disk[14:], 1) // reserved
	disk[16] = 2
	le.PutUint16(disk[17:], rootFiles)
	disk[21] = 0xf8
	le.PutUint16(disk[22:], perFAT)
	le.PutUint32(disk[32:], sectors)
	disk[36], disk[38] = 0x80, 0x29
	copy(disk[43:], "NO NAME    FAT16   ")
	disk[sectorSize-2], disk[sectorSize-1] = 0x55, 0xaa

	next := func(n, value int) {
		for _, copyOf := range []int{0, perFAT * sectorSize} {
			le.PutUint16(disk[fat+copyOf+2*n:], uint16(value))
		}
	}
	entry := func(at int, name string, attributes byte, first, size int) {
		copy(disk[at:], name)
		disk[at+11] = attributes
		le.PutUint16(disk[at+26:], uint16(first))
		le.PutUint32(disk[at+28:], uint32(size))
	}
	at := func(n int) int { return data + (n-2)*cluster }
	next(0, 0xfff8)
	next(1, end)
	const directory = 0x10
	entry(root, "EFI        ", directory, 2, 0)
	next(2, end)
	entry(at(2), ".          ", directory, 2, 0)
	entry(at(2)+32, "..         ", directory, 0, 0)
	entry(at(2)+64, "BOOT       ", directory, 3, 0)
	next(3, end)
	entry(at(3), ".          ", directory, 3, 0)
	entry(at(3)+32, "..         ", directory, 2, 0)
	entry(at(3)+64, "BOOTX64 EFI", 0x20, 4, len(program))
	copy(disk[at(4):], program)
	for n := 4; ; n++ {
		if at(n+1)-at(4) >= len(program) {
			next(n, end)
			return disk
		}
		next(n, n+1)
	}
}

func writeDisk(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
