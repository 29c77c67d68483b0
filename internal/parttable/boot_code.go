package parttable

import (
	"bytes"
	"io"
	"slices"
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

// What a BIOS comes to on a disk, as Disk.Loader says it.
const (
	LoaderGRUB     = "GRUB"
	LoaderLILO     = "LILO"
	LoaderSyslinux = "syslinux" // or EXTLINUX
	LoaderWindows  = "Windows"
	LoaderUnknown  = "unknown" // code that is not known
	LoaderNone     = "none"    // nothing that is started
)

// loaderMarks are texts in the first stages of boot loaders for Linux.
var loaderMarks = []struct{ mark, loader string }{
	{"GRUB ", LoaderGRUB}, {"LILO", LoaderLILO}, {"SYSLINUX", LoaderSyslinux}, {"EXTLINUX", LoaderSyslinux},
}

// genericMarks are in code that goes on to the active partition: the messages of
// Windows, DOS, syslinux and others, and what parted writes.
var genericMarks = []string{
	"Invalid partition table", "Missing operating system", "Operating system not found", "No operating system", "Error loading operating system",
	"No active partition", "No bootable partition", "Missing OS", "Boot error", "Operating system load error", "\xfa\xb8\x00\x10\x8e\xd0",
}

// bootCodeOf looks at the first sector of a disk. Nothing is started without
// the mark at its end.
func bootCodeOf(sector []byte) BootCode {
	code := sector[:mbrSignatureOffset]
	switch {
	case !hasMagic(sector) || len(bytes.Trim(code, "\x00")) == 0:
		return BootCodeNone
	case loaderIn(sector) != "":
		return BootCodeLoader
	}
	return BootCodeGeneric
}

// loaderIn is the boot loader whose first stage is in a sector, or "".
func loaderIn(sector []byte) string {
	for _, known := range loaderMarks {
		if bytes.Contains(sector[:mbrSignatureOffset], []byte(known.mark)) {
			return known.loader
		}
	}
	return ""
}

// readLoader says what a BIOS comes to: by the disk's first sector, or by that of the
// active partition where code in it leads there.
func (d Disk) readLoader(disk io.ReaderAt, first []byte) (string, error) {
	switch d.BootCode {
	case BootCodeNone:
		return LoaderNone, nil
	case BootCodeLoader:
		return loaderIn(first), nil
	case BootCodeGeneric:
	}
	active := slices.IndexFunc(d.Partitions, func(p Partition) bool { return p.Bootable })
	if active < 0 {
		if slices.ContainsFunc(genericMarks, func(mark string) bool { return bytes.Contains(first, []byte(mark)) }) {
			return LoaderNone, nil
		}
		return LoaderUnknown, nil
	}
	sector, err := readAt(disk, d.Partitions[active].Start, sectorSize)
	if err != nil || len(sector) < sectorSize {
		return LoaderUnknown, err
	}
	switch {
	case !hasMagic(sector):
		return LoaderNone, nil
	case loaderIn(sector) != "":
		return loaderIn(sector), nil
	case bytes.Contains(sector, []byte("BOOTMGR")) || bytes.Contains(sector, []byte("NTLDR")):
		return LoaderWindows, nil
	}
	return LoaderUnknown, nil
}
