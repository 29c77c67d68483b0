package parttable

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withCode is a boot sector with code.
func withCode(sector []byte, code string) []byte {
	copy(sector, code)
	return sector
}

func TestBootCodeOf(t *testing.T) {
	t.Parallel()
	unmarked := withCode(mbr(1), "\xeb\x63\x90 GRUB ")
	unmarked[510] = 0
	for name, test := range map[string]struct {
		sector []byte
		want   BootCode
	}{
		"empty":              {make([]byte, 512), BootCodeNone},
		"table without code": {mbr(0xdeadbeef, [4]uint32{0x80, 0x83, 2048, 4096}), BootCodeNone},
		"parted":             {withCode(mbr(1), "\xfa\xb8\x00\x10\x8e\xd0"), BootCodeGeneric},
		"GRUB":               {withCode(mbr(1), "\xeb\x63\x90"+string(make([]byte, 380))+"GRUB \x00Geom\x00Hard Disk"), BootCodeLoader},
		"GRUB without mark":  {unmarked, BootCodeNone},
		"LILO":               {withCode(mbr(1), "\xfa\xeb\x21\x01\xb4\x01LILO"), BootCodeLoader},
	} {
		if got := bootCodeOf(test.sector); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestLoader follows a BIOS from the first sector to a loader.
func TestLoader(t *testing.T) {
	t.Parallel()
	generic, own := "\xfa\xb8\x00\x10\x8e\xd0", "\xeb\x10XOSL"
	active, idle := [4]uint32{0x80, 0x83, 1, 2}, [4]uint32{0, 0x83, 1, 2}
	marked := func(code string) []byte { return withCode(mbr(0), code) }
	for name, test := range map[string]struct {
		first, partition []byte
		want             string
	}{
		"GRUB":                            {withCode(mbr(1, idle), "\xeb\x63GRUB \x00Geom"), make([]byte, 512), LoaderGRUB},
		"LILO":                            {withCode(mbr(1, idle), "\xfa\xebLILO"), make([]byte, 512), LoaderLILO},
		"LILO on the active partition":    {withCode(mbr(1, active), generic), marked("\xfa\xebLILO"), LoaderLILO},
		"extlinux":                        {withCode(mbr(1, active), "Missing operating system"), marked("\xeb\x58\x90EXTLINUX"), LoaderSyslinux},
		"Windows":                         {withCode(mbr(1, active), "Invalid partition table"), marked("\xeb\x52\x90NTFS BOOTMGR"), LoaderWindows},
		"nothing on the active partition": {withCode(mbr(1, active), generic), make([]byte, 512), LoaderNone},
		"no active partition":             {withCode(mbr(1, idle), generic), make([]byte, 512), LoaderNone},
		"no code":                         {mbr(1, active), make([]byte, 512), LoaderNone},
		"code that is not known":          {withCode(mbr(1, idle), own), make([]byte, 512), LoaderUnknown},
		"not known on the partition":      {withCode(mbr(1, active), generic), marked("\xeb\x10OWN"), LoaderUnknown},
	} {
		content := append(append(append([]byte{}, test.first...), test.partition...), make([]byte, 2048)...)
		got, err := Read(bytes.NewReader(content), int64(len(content)), 512)
		if err != nil || got.Loader != test.want {
			t.Errorf("%s: %q, %v, want %q", name, got.Loader, err, test.want)
		}
	}
}

func TestReadStart(t *testing.T) {
	t.Parallel()
	start := append(withCode(mbr(1, [4]uint32{0x80, 0x83, 2048, 4096}, [4]uint32{0, 5, 1 << 20, 4096}), "GRUB "), make([]byte, 4096)...)
	got, err := ReadStart(bytes.NewReader(start), 1<<30, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := Disk{Size: 1 << 30, PartitionTable: "dos", BootCode: BootCodeLoader, Loader: LoaderGRUB, Partitions: []Partition{
		{Number: 1, Start: 1 << 20, Size: 2 << 20, MBRType: 0x83, Bootable: true, UUID: "00000001-01"},
		{Number: 2, Start: 512 << 20, Size: 2 << 20, MBRType: 5, UUID: "00000001-02"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("disk (-want +got):\n%s", diff)
	}
	// A GPT whose entries lie behind the end.
	protective := append(mbr(1, [4]uint32{0, 0xee, 1, 1 << 20}), headerOfGPT(1<<20, 128, 128)...)
	if got, err = ReadStart(bytes.NewReader(append(protective, make([]byte, 4096)...)), 1<<30, 0); err != nil || got.PartitionTable != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ReadStart(bytes.NewReader(nil), 0, 0); err == nil {
		t.Error("a disk of which nothing can be read was read")
	}
}
