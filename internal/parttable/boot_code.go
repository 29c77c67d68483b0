package parttable

import "bytes"

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
	if !hasMagic(sector) || len(bytes.Trim(code, "\x00")) == 0 {
		return BootCodeNone
	}
	for _, mark := range loaderMarks {
		if bytes.Contains(code, mark) {
			return BootCodeLoader
		}
	}
	return BootCodeGeneric
}
