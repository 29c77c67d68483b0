package blockfs

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Content is what lies on a block device, in the words of blkid(8).
type Content struct {
	// Type is "" where nothing is recognised.
	Type, UUID, Label string
	Size              int64 // of the device, in bytes
	// NeedsRecovery says that the file system was not unmounted: what is read of
	// it may be older than what its journal holds.
	NeedsRecovery bool
	// Blank says that the beginning of the device is empty.
	Blank bool
}

// startLength is where marks are looked for, in bytes. The last is that of
// btrfs.
const startLength = 128 << 10

// Identify tells what lies on a device.
func Identify(device io.ReaderAt, size int64) (Content, error) {
	found := Content{Size: size}
	start, err := readAt(device, 0, min(startLength, size))
	if err != nil {
		return found, err
	}
	if len(bytes.Trim(start, "\x00")) == 0 {
		found.Blank = true
	}
	// Marks are looked for at fixed places, of which a small device has not all.
	start = append(start, make([]byte, startLength-len(start))...)
	for _, kind := range kinds {
		if string(start[kind.at:][:len(kind.mark)]) != kind.mark {
			continue
		}
		found.Type = kind.name
		if kind.read == nil || kind.read(device, start, &found) {
			return found, nil
		}
		found = Content{Size: size, Blank: found.Blank}
	}
	return found, nil
}

// kinds are looked for in this order: what is made of others has its mark first,
// as blkid(8) has them.
var kinds = []struct {
	name string
	at   int
	mark string
	// read adds what else is known; it returns false where the mark is none.
	read func(device io.ReaderAt, start []byte, found *Content) bool
}{
	{"LVM2_member", 0x200, "LABELONE", readPV},
	{"LVM2_member", 0x000, "LABELONE", readPV},
	{"LVM2_member", 0x400, "LABELONE", readPV},
	{"LVM2_member", 0x600, "LABELONE", readPV},
	{"crypto_LUKS", 0, "LUKS\xba\xbe", readLUKS},
	{"BitLocker", 3, "-FVE-FS-", nil},
	{"btrfs", 0x10040, "_BHRfS_M", readBtrfs},
	{"xfs", 0, xfsMagic, readXFSIdentity},
	{"ext4", extSuperblock + 0x38, "\x53\xef", readExtIdentity},
	{"ntfs", 3, "NTFS    ", readNTFSIdentity},
	{"exfat", 3, "EXFAT   ", nil},
	{"swap", 4096 - 10, "SWAPSPACE2", readSwap},
	{"swap", 4096 - 10, "SWAP-SPACE", nil},
	{"swsuspend", 4096 - 10, "S1SUSPEND", readSwap},
	{"swsuspend", 4096 - 10, "S2SUSPEND", readSwap},
	{"swsuspend", 4096 - 10, "ULSUSPEND", readSwap},
	{"swsuspend", 4096 - 10, "LINHIB0001", readSwap},
	{"iso9660", 0x8001, "CD001", nil},
	{"squashfs", 0, "hsqs", nil},
	{"f2fs", 0x400, "\x10\x20\xf5\xf2", nil},
	{"reiserfs", 0x10034, "ReIsEr", nil},
	{"jfs", 0x8000, "JFS1", nil},
	{"hfsplus", 0x400, "H+", nil},
	{"ufs", 0x55c, "\x54\x19\x01\x00", nil},
	{"ufs", 0x1055c, "\x19\x01\x54\x19", nil},
	{"vfat", 510, "\x55\xaa", readFATIdentity},
}

func uuidText(raw []byte) string {
	if len(bytes.Trim(raw, "\x00")) == 0 {
		return ""
	}
	text := hex.EncodeToString(raw)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// text is a field that ends at a zero or with its room.
func text(raw []byte) string {
	if end := bytes.IndexByte(raw, 0); end >= 0 {
		raw = raw[:end]
	}
	return strings.ToValidUTF8(strings.TrimRight(string(raw), " "), "")
}

func readPV(_ io.ReaderAt, start []byte, found *Content) bool {
	for sector := 0; sector < 2048; sector += 512 {
		label := start[sector:]
		if string(label[:8]) == "LABELONE" && string(label[24:32]) == "LVM2 001" {
			found.UUID = PVUUID(label[32:64])
			return true
		}
	}
	return false
}

// PVUUID is the identity of a physical volume as LVM writes it, of the 32 letters
// on the disk.
func PVUUID(raw []byte) string {
	id := string(raw)
	return id[:6] + "-" + id[6:10] + "-" + id[10:14] + "-" + id[14:18] + "-" + id[18:22] + "-" + id[22:26] + "-" + id[26:32]
}

func readLUKS(_ io.ReaderAt, start []byte, found *Content) bool {
	found.UUID = text(start[168:208])
	if binary.BigEndian.Uint16(start[6:]) == 2 {
		found.Label = text(start[24:72])
	}
	return true
}

func readBtrfs(_ io.ReaderAt, start []byte, found *Content) bool {
	found.UUID = uuidText(start[0x10020:][:16])
	found.Label = text(start[0x1012b:][:256])
	return true
}

func readXFSIdentity(device io.ReaderAt, start []byte, found *Content) bool {
	found.UUID, found.Label = uuidText(start[32:48]), text(start[108:120])
	if x, err := parseXFS(device, found.Size, start[:512]); err == nil {
		found.NeedsRecovery = x.needsRecovery()
	}
	return true
}

func readExtIdentity(_ io.ReaderAt, start []byte, found *Content) bool {
	le := binary.LittleEndian
	sb := start[extSuperblock:]
	compatible, incompatible, readOnly := le.Uint32(sb[0x5C:]), le.Uint32(sb[0x60:]), le.Uint32(sb[0x64:])
	if le.Uint32(sb[0x4C:]) == 0 {
		compatible, incompatible, readOnly = 0, 0, 0
	}
	journal := compatible&extCompatJournal != 0
	switch {
	case incompatible&extJournalDev != 0:
		found.Type = "jbd"
	case incompatible&^uint32(extFiletype|extRecover|extMetaBG) != 0 || readOnly&^uint32(0x7) != 0:
	case journal:
		found.Type = "ext3"
	default:
		found.Type = "ext2"
	}
	found.UUID, found.Label = uuidText(sb[0x68:0x78]), text(sb[0x78:0x88])
	found.NeedsRecovery = incompatible&extRecover != 0
	return true
}

func readSwap(_ io.ReaderAt, start []byte, found *Content) bool {
	found.UUID, found.Label = uuidText(start[1024+12:][:16]), text(start[1024+28:][:16])
	return true
}

// readFATIdentity knows FAT from a boot sector that only starts something.
func readFATIdentity(device io.ReaderAt, start []byte, found *Content) bool {
	f, err := parseFAT(device, found.Size, start[:512])
	if err != nil || start[21] != 0xF0 && start[21] < 0xF8 {
		return false
	}
	at := 39
	if f.rootAt == 0 {
		at = 67
	}
	if serial := start[at:][:4]; len(bytes.Trim(serial, "\x00")) > 0 {
		found.UUID = fmt.Sprintf("%02X%02X-%02X%02X", serial[3], serial[2], serial[1], serial[0])
	}
	if found.Label = f.label(); found.Label == "" {
		if label := text(start[at+4:][:11]); label != "NO NAME" {
			found.Label = label
		}
	}
	return true
}

func readNTFSIdentity(_ io.ReaderAt, start []byte, found *Content) bool {
	found.UUID = fmt.Sprintf("%016X", binary.LittleEndian.Uint64(start[0x48:]))
	return true
}
