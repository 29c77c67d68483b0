package guest

import (
	"bytes"
	"io"
)

// BootCode says what a BIOS would run from a disk's first sector.
type BootCode string

// The kinds of boot code. Partitioning tools write the generic one to disks
// that nothing was ever started from.
const (
	BootCodeNone    BootCode = ""
	BootCodeGeneric BootCode = "generic" // goes on to the active partition
	BootCodeLoader  BootCode = "loader"  // a boot loader's own: GRUB, LILO, SYSLINUX
)

// loaderMarks are texts in the first stages of boot loaders.
var loaderMarks = [][]byte{[]byte("GRUB "), []byte("LILO"), []byte("SYSLINUX"), []byte("EXTLINUX")}

// bootCodeOf looks at the first sector of a disk. Nothing is started without
// the mark at its end.
func bootCodeOf(sector []byte) BootCode {
	code := sector[:mbrSignatureOffset]
	switch {
	case sector[mbrMagicOffset] != 0x55 || sector[mbrMagicOffset+1] != 0xaa, len(bytes.Trim(code, "\x00")) == 0:
		return BootCodeNone
	}
	for _, mark := range loaderMarks {
		if bytes.Contains(code, mark) {
			return BootCodeLoader
		}
	}
	return BootCodeGeneric
}

// sectorSize is what nearly all drives show, in bytes.
const sectorSize = 512

// ReadDisk reads what the beginning of a disk tells, without an appliance: its
// partition table and its boot code. Sectors are of that many bytes, 0 being
// 512. The disk and its partitions have no device names. Logical partitions behind the end of what can be read are left
// out, and so is a table that lies there.
func ReadDisk(start io.ReaderAt, size int64, sectors int) (Disk, error) {
	if sectors == 0 {
		sectors = sectorSize
	}
	disk := Disk{Size: size}
	sector := make([]byte, sectorSize)
	if _, err := start.ReadAt(sector, 0); err != nil {
		return disk, err
	}
	disk.BootCode = bootCodeOf(sector)
	table, entries, err := readPartitionTable(start, int64(sectors))
	if err != nil {
		return disk, nil //nolint:nilerr // it leads out of what there is
	}
	disk.PartitionTable = table
	for _, entry := range entries {
		disk.Partitions = append(disk.Partitions, entry.Partition)
	}
	return disk, nil
}
