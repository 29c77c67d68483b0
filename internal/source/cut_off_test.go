package source

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// Places and numbers in an MBR and a GPT.
const (
	mbrEntries    = 446
	mbrEntrySize  = 16
	mbrProtective = 0xee
	gptHeaderSize = 92
	gptEntrySize  = 128
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
	binary.LittleEndian.PutUint32(header[84:], gptEntrySize)
	entry := disk[2*sector:]
	entry[0] = 1
	binary.LittleEndian.PutUint64(entry[32:], 6)
	binary.LittleEndian.PutUint64(entry[40:], uint64(last))
	binary.LittleEndian.PutUint32(header[16:], crc32.ChecksumIEEE(header[:gptHeaderSize]))
	return disk
}

// The contents of partitions, with the length that they declare in bytes.
func unknownContent() []byte { return []byte("content of a kind that nobody knows") }

func extContent(length int) []byte {
	head := make([]byte, 2048)
	binary.LittleEndian.PutUint32(head[1024+4:], uint32(length/1024))
	copy(head[1024+56:], "\x53\xef")
	return head
}

func squashContent(length int) []byte {
	return binary.LittleEndian.AppendUint64(append([]byte("hsqs"), make([]byte, 36)...), uint64(length))
}

func TestRawCutOff(t *testing.T) {
	const sector = sectorSize
	with := func(disk []byte, offset int, content []byte) []byte {
		copy(disk[offset:], content)
		return disk
	}
	text := func(disk []byte, offset int, text string) []byte { return with(disk, offset, []byte(text)) }
	// filled has content of an unknown kind in a partition.
	filled := func(disk []byte, start int) []byte { return with(disk, start, unknownContent()) }
	linux := mbrEntry{0x80, 0x83, 8, 56}
	extended := mbrEntry{0, 0x0f, 64, 64}
	// chained has a logical partition in the extended one.
	chained := func(length int, logical ...mbrEntry) []byte {
		disk := mbr(length, linux, extended)
		copy(disk[64*sector:], mbr(1, logical...))
		return filled(disk, 65*sector)
	}
	xfs := func(blocks int) []byte {
		head := binary.BigEndian.AppendUint32([]byte("XFSB"), 4096)
		return binary.BigEndian.AppendUint64(head, uint64(blocks))
	}
	lvm := func(length int) []byte {
		head := make([]byte, 1024)
		copy(head[sector:], "LABELONE")
		binary.LittleEndian.PutUint32(head[sector+20:], 32)
		binary.LittleEndian.PutUint64(head[sector+32+32:], uint64(length))
		return head
	}
	const whole, cut, long = "", "cut off", "is taken as it is"
	tests := map[string]struct {
		disk []byte
		// want is whole, or words of the error or of the warning.
		want string
	}{
		"MBR":                              {filled(mbr(64, linux), 8*sector), whole},
		"MBR cut":                          {filled(mbr(63, linux), 8*sector), cut},
		"MBR with a part of a sector":      {filled(mbr(64, linux), 8*sector)[:63*sector+1], whole},
		"extended":                         {chained(128, mbrEntry{0, 0x83, 1, 63}), whole},
		"extended cut":                     {chained(100, mbrEntry{0, 0x83, 1, 63}), cut},
		"last entry first, cut":            {filled(mbr(100, mbrEntry{0, 0x83, 64, 64}, linux), 64*sector), cut},
		"chain that leads behind the end":  {chained(100, mbrEntry{0, 0x83, 1, 10}, mbrEntry{0, 0x05, 50, 14}), cut},
		"extended behind the end":          {mbr(64, linux, extended), cut},
		"largest entry":                    {mbr(64, mbrEntry{0, 0x83, 0xffffffff, 0xffffffff}), cut},
		"no signature":                     {text(mbr(63, linux), 510, "\x00\x00"), whole},
		"status that is none":              {mbr(63, linux, mbrEntry{status: 0x33}), whole},
		"type 0":                           {mbr(63, mbrEntry{0, 0, 8, 56}), whole},
		"overlapping":                      {mbr(63, linux, mbrEntry{0, 0x83, 9, 400}), whole},
		"start 0, as of a hybrid ISO":      {mbr(63, mbrEntry{0x80, 0x17, 0, 640}), whole},
		"no table, as of an ISO":           {make([]byte, 63*sector), whole},
		"FAT":                              {text(mbr(63, linux), 54, "FAT16   "), whole},
		"FAT32":                            {text(mbr(63, linux), 82, "FAT32   "), whole},
		"NTFS":                             {text(mbr(63, linux), 3, "NTFS    "), whole},
		"code":                             {text(mbr(63), mbrEntries, strings.Repeat("\xb4\x0e\xcd\x10\xeb\xf5", 10)), whole},
		"GPT":                              {filled(gpt(512, 64, 64, 58), 6*sector), whole},
		"GPT without its backup":           {filled(gpt(512, 63, 64, 20), 6*sector), whole},
		"GPT with an entry behind it":      {filled(gpt(512, 64, 64, 64), 6*sector), cut},
		"GPT of 4096 bytes":                {filled(gpt(4096, 64, 64, 58), 6*4096), whole},
		"GPT of 4096 bytes cut":            {filled(gpt(4096, 63, 64, 63), 6*4096), cut},
		"GPT with a wrong checksum":        {text(gpt(512, 63, 64, 64), sector+32, "\x01"), whole},
		"GPT that no protective entry has": {text(gpt(512, 63, 64, 64), mbrEntries, string(make([]byte, 16))), whole},
		"GPT that reaches without end":     {filled(gpt(512, 64, 64, -1), 6*sector), cut},

		// Tables that have always been longer than their disks.
		"empty partition":            {mbr(63, linux), long},
		"extended without logical":   {mbr(100, linux, extended), long},
		"logical within":             {chained(100, mbrEntry{0, 0x83, 1, 20}), long},
		"squashfs that ends before":  {with(mbr(63, linux), 8*sector, squashContent(54*sector)), long},
		"squashfs cut":               {with(mbr(63, linux), 8*sector, squashContent(56*sector)), cut},
		"ext that ends before":       {with(mbr(63, linux), 8*sector, extContent(54*sector)), long},
		"ext cut":                    {with(mbr(63, linux), 8*sector, extContent(56*sector)), cut},
		"xfs that ends before":       {with(mbr(63, linux), 8*sector, xfs(6)), long},
		"xfs cut":                    {with(mbr(63, linux), 8*sector, xfs(7)), cut},
		"xfs without end":            {with(mbr(63, linux), 8*sector, xfs(-1)), cut},
		"LVM that ends before":       {with(mbr(63, linux), 8*sector, lvm(54*sector)), long},
		"LVM cut":                    {with(mbr(63, linux), 8*sector, lvm(56*sector)), cut},
		"GPT with an empty entry":    {gpt(512, 64, 64, 64), long},
		"GPT with ext that ends":     {with(gpt(512, 64, 64, 64), 6*sector, extContent(50*sector)), long},
		"GPT of 4096 bytes with ext": {with(gpt(4096, 63, 64, 63), 6*4096, extContent(50*4096)), long},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// A flat file of VMware without its descriptor is the same.
			for file, kind := range map[string]string{"disk.img": TypeRaw, "web-flat.vmdk": TypeVMDK} {
				path := filepath.Join(t.TempDir(), file)
				if err := os.WriteFile(path, test.disk, 0o600); err != nil {
					t.Fatal(err)
				}
				o, err := newOpening(Request{Type: kind, Path: path, MaxVirtualSize: DefaultMaxVirtualSize}, path, true)
				if err != nil {
					t.Fatal(err)
				}
				defer o.files.close()
				err = o.open(t.Context(), path)
				switch {
				case test.want == cut:
					if err == nil || !strings.Contains(err.Error(), cut) || !strings.Contains(remedy.Of(err), "copy") {
						t.Errorf("%s: error %v, want one that says %q", file, err, cut)
					}
				case err != nil:
					t.Errorf("%s: error %v", file, err)
				case test.want == whole && strings.Contains(o.source.WarningText(), "partition table"), test.want == long && !strings.Contains(o.source.WarningText(), long):
					t.Errorf("%s: warnings %q, want %q", file, o.source.Warnings, test.want)
				}
			}
		})
	}
}

// Whoever has no other copy is told how to make the disk acceptable.
func TestWayOutOfACutOffDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	disk := mbr(63, mbrEntry{0x80, 0x83, 8, 56})
	copy(disk[8*sectorSize:], unknownContent())
	if err := os.WriteFile(path, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Probe(t.Context(), Request{Type: TypeRaw, Path: path})
	if !strings.Contains(remedy.Of(err), "truncate -s 32768 COPY") {
		t.Fatalf("%v", err)
	}
	if err := os.Truncate(path, 32768); err != nil {
		t.Fatal(err)
	}
	if _, err := Probe(t.Context(), Request{Type: TypeRaw, Path: path}); err != nil {
		t.Errorf("the way out leads nowhere: %v", err)
	}
}

func FuzzPartitionTable(f *testing.F) {
	f.Add(mbr(8, mbrEntry{0x80, 0x83, 8, 56}))
	f.Add(gpt(512, 16, 64, 58))
	f.Add(gpt(4096, 4, 64, 58))
	f.Add(extContent(1 << 20))
	f.Add(squashContent(1 << 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := section{ReaderAt: bytes.NewReader(data), name: "x", size: int64(len(data)), whole: true}
		if err := (&imageReader{warnings: &warnings{}}).checkPartitionTable(s); err != nil && remedy.Of(err) == "" {
			t.Error(err)
		}
		if size := SectorSize(data); size != sectorSize && size != largeSector {
			t.Errorf("sectors of %d bytes", size)
		}
		if found, err := contentAt(s, 0); err != nil || found.kind == "" && found.end != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
