package machine

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"
)

// Loader is the guest path of the program interpreter, which the x86-64 ABI fixes
// for glibc. It carries what glibc was built for.
const Loader = "/lib64/ld-linux-x86-64.so.2"

// levels are those of the x86-64 psABI, by the bits of its property
// GNU_PROPERTY_X86_ISA_1_NEEDED.
var levels = []string{BaseLevel, "x86-64-v2", "x86-64-v3", "x86-64-v4"}

// BaseLevel is that of every processor.
const BaseLevel = "x86-64"

const (
	noteProperties = 5          // NT_GNU_PROPERTY_TYPE_0
	isaNeeded      = 0xc0008002 // GNU_PROPERTY_X86_ISA_1_NEEDED
)

// LevelOfLoader is the least processor that glibc starts on, by its loader, or "" where
// that does not say.
func LevelOfLoader(data []byte) string {
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil || file.Machine != elf.EM_X86_64 {
		return ""
	}
	section := file.Section(".note.gnu.property")
	if section == nil || section.Size > 1<<16 {
		return ""
	}
	notes, err := section.Data()
	if err != nil {
		return ""
	}
	return levelOfNotes(notes)
}

// levelOfNotes reads GNU's property notes: each has the sizes of its name and of
// its description and a type, then the name "GNU"; each property in the description
// has a type, a size and data that are padded to eight bytes.
func levelOfNotes(notes []byte) string {
	for len(notes) >= 16 {
		nameSize, size, kind := binary.LittleEndian.Uint32(notes), binary.LittleEndian.Uint32(notes[4:]), binary.LittleEndian.Uint32(notes[8:])
		if nameSize != 4 || uint64(size) > uint64(len(notes)-16) {
			return ""
		}
		properties := notes[16 : 16+size]
		if string(notes[12:16]) == "GNU\x00" && kind == noteProperties {
			if level := levelOfProperties(properties); level != "" {
				return level
			}
		}
		notes = notes[min(16+padded(size), uint64(len(notes))):]
	}
	return ""
}

func levelOfProperties(properties []byte) string {
	for len(properties) >= 8 {
		kind, size := binary.LittleEndian.Uint32(properties), binary.LittleEndian.Uint32(properties[4:])
		if uint64(size) > uint64(len(properties)-8) {
			return ""
		}
		if kind == isaNeeded && size == 4 {
			bits := binary.LittleEndian.Uint32(properties[8:])
			for n, level := range slices.Backward(levels) {
				if bits&(1<<n) != 0 {
					return level
				}
			}
			return ""
		}
		properties = properties[min(8+padded(size), uint64(len(properties))):]
	}
	return ""
}

// padded is a size as it is aligned in notes of 64-bit files.
func padded(size uint32) uint64 { return (uint64(size) + 7) &^ 7 }

// family is RHEL and what is built from it for the same processors.
var family = []string{"rhel", "redhat-based", "centos", "rocky", "almalinux", "oraclelinux", "circle", "eurolinux", "virtuozzo"}

// LevelOfRelease is the least processor that a release is known to start on, by the
// names of libguestfs, for guests whose loader does not tell.
func LevelOfRelease(system, distro string, major int) string {
	switch {
	case system == "windows" && major >= 10:
		return levels[1] // 24H2 needs SSE 4.2 and POPCNT
	case system != "linux":
		return ""
	case slices.Contains(family, distro) && major >= 10:
		return levels[2]
	case slices.Contains(family, distro) && major == 9, distro == "sles" && major >= 16,
		distro == "opensuse" && major >= 16 && major < 100: // Tumbleweed has dates
		return levels[1]
	}
	return ""
}
