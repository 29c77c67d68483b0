package source

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// format is what a file is by its own content.
type format struct {
	// name completes "x is ...".
	name string
	// sourceType is the type to declare for it, if there is one.
	sourceType string
	// unpack is the command that unpacks such a file, where it is packed; the first %s
	// stands for the file.
	unpack string
}

var (
	formatVMDK       = format{"a VMDK image", TypeVMDK, ""}
	formatVMDKText   = format{"a VMDK descriptor", TypeVMDK, ""}
	formatVMFSSparse = format{"a VMDK snapshot extent", TypeVMDK, ""}
	formatSESparse   = format{"a VMDK space-efficient snapshot extent", TypeVMDK, ""}
	formatQCOW2      = format{"a qcow2 image", TypeQCOW2, ""}
	formatVHD        = format{"a VHD image", TypeVHD, ""}
	formatVHDX       = format{"a VHDX image", TypeVHDX, ""}
	formatVDI        = format{"a VDI image", "", ""}
	formatQED        = format{"a QED image", "", ""}
	formatTar        = format{"a tar archive", TypeOVA, ""}
	formatGzip       = format{"gzip-compressed", "", "gzip -dc %s > UNPACKED"}
	formatXZ         = format{"xz-compressed", "", "xz -dc %s > UNPACKED"}
	formatBzip2      = format{"bzip2-compressed", "", "bzip2 -dc %s > UNPACKED"}
	formatZstd       = format{"zstd-compressed", "", "zstd -dc %s > UNPACKED"}
	formatLZ4        = format{"lz4-compressed", "", "lz4 -dc %s > UNPACKED"}
	formatLzip       = format{"lzip-compressed", "", "lzip -dc %s > UNPACKED"}
	formatZip        = format{"a zip archive", "", "unzip %s"}
	format7z         = format{"a 7z archive", "", "7z x %s"}
	formatRAR        = format{"a RAR archive", "", "unrar x %s"}
	formatXML        = format{"an XML document", TypeOVF, ""}
	formatVMX        = format{"a VMX file", TypeVMX, ""}
	formatAppleFile  = format{"what macOS keeps beside a file, not that file", "", ""}
	formatRaw        = format{"no disk image of a known format", TypeRaw, ""}
)

const (
	sectorSize = 512
	// largeSector is the other size that sectors of disks have.
	largeSector = 4096
	// descriptorMark begins every VMDK descriptor.
	descriptorMark = "# disk descriptorfile"
	seSparseMagic  = 0x00000000cafebabe
	vdiMagic       = 0xbeda107f
	vhdCookie      = "conectix"
)

// detect tells a file's format from its first and last bytes.
func detect(s section) (format, error) {
	head, err := s.read(0, sectorSize)
	if err != nil {
		return format{}, err
	}
	tail, err := s.read(max(0, s.size-sectorSize), sectorSize)
	if err != nil {
		return format{}, err
	}
	return detectIn(head, tail), nil
}

func detectIn(head, tail []byte) format {
	for magic, found := range map[string]format{
		"KDMV": formatVMDK, "COWD": formatVMFSSparse, "QFI\xfb": formatQCOW2, "QED\x00": formatQED,
		"vhdxfile": formatVHDX, vhdCookie: formatVHD,
		"\x00\x05\x16\x07\x00\x02\x00\x00": formatAppleFile,
		"\x1f\x8b":                         formatGzip, "\xfd7zXZ\x00": formatXZ, "PK\x03\x04": formatZip, "PK\x05\x06": formatZip,
		"BZh": formatBzip2, "\x28\xb5\x2f\xfd": formatZstd, "\x04\x22\x4d\x18": formatLZ4, "LZIP\x01": formatLzip,
		"7z\xbc\xaf\x27\x1c": format7z, "Rar!\x1a\x07": formatRAR,
	} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return found
		}
	}
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"))
	switch {
	case bytes.HasPrefix(text, []byte(descriptorMark)):
		return formatVMDKText
	case bytes.HasPrefix(text, []byte("<?xml")), bytes.HasPrefix(text, []byte("<envelope")):
		return formatXML
	case bytes.HasPrefix(text, []byte(".encoding = ")), bytes.HasPrefix(text, []byte("#!/usr/bin/vmware")), bytes.HasPrefix(text, []byte("config.version = ")):
		return formatVMX
	case len(head) >= 262 && string(head[257:262]) == "ustar":
		return formatTar
	case len(head) >= 68 && binary.LittleEndian.Uint32(head[64:]) == vdiMagic:
		return formatVDI
	case len(head) >= 8 && binary.LittleEndian.Uint64(head) == seSparseMagic:
		return formatSESparse
	case bytes.HasPrefix(tail, []byte(vhdCookie)), len(tail) > 1 && bytes.HasPrefix(tail[1:], []byte(vhdCookie)):
		return formatVHD
	}
	return formatRaw
}

// unpacked is the command that unpacks a file of the format.
func (f format) unpacked(s section) string {
	return fmt.Sprintf(f.unpack, "'"+strings.ReplaceAll(s.name, "'", `'\''`)+"'")
}

// expect is the error for a file that is not what it was declared to be.
func expect(s section, declared string, found format) error {
	message := fmt.Sprintf("%s is %s, but source.type says %s", s.name, found.name, declared)
	switch {
	case !s.neighbours:
		return refuse(fmt.Sprintf("%s is %s, but the package says %s", s.name, found.name, declared), "export the package again")
	case found == formatAppleFile:
		return refuse(message, "name the file without ._ at its beginning")
	case found == formatVDI, found == formatQED:
		return refuse(message, "convert it with qemu-img convert to qcow2 first")
	case found.unpack != "" && strings.HasSuffix(found.unpack, "UNPACKED"):
		return refuse(message, "unpack it first: "+found.unpacked(s)+", and migrate what comes out")
	case found.unpack != "":
		return refuse(message, "unpack it first: "+found.unpacked(s)+", and migrate the descriptor (source.type ovf) or the disk that is in it")
	case found == formatRaw:
		return refuse(message, "check that it was copied as a whole; only a plain disk dump has no format, its type is raw")
	default:
		return refuse(message, fmt.Sprintf("set source.type to %q, or correct source.path", found.sourceType))
	}
}
