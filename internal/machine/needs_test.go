package machine

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestNeeds(t *testing.T) {
	t.Parallel()
	described := &report.Machine{
		Name: "db01", VCPUs: 4, MemoryMiB: 8192, SecureBoot: true, TPM: true,
		NICs: []report.NIC{{MAC: "00:50:56:01:02:03", Network: "VM Network", Slot: 192}, {Network: "Storage"}},
	}
	disks := []report.HardwareDisk{
		{Path: "/d/a.qcow2", Format: "qcow2", Serial: "6000c2911b1e2f3344556677889900aa", VirtualSize: 1 << 30},
		{Path: "/d/a-disk2.qcow2", Format: "qcow2", VirtualSize: 2 << 30},
	}
	for name, test := range map[string]struct {
		found Found
		want  report.Hardware
	}{
		"RHEL 9 with everything": {
			Found{described, described.NICs, report.Guest{
				Type: "linux", Arch: "x86_64", Firmware: UEFI, DiskBus: "virtio", NICModel: "virtio", CPULevel: "x86-64-v2", Clock: "utc",
			}, disks},
			report.Hardware{
				Name: "db01", Arch: "x86_64", MachineType: "q35", Firmware: UEFI, SecureBoot: true, TPM: true, VCPUs: 4, MemoryMiB: 8192,
				CPULevel: "x86-64-v2", Clock: "utc", Video: "vga", RNG: true, GuestAgent: true,
				Disks: []report.HardwareDisk{
					{Path: "/d/a.qcow2", Format: "qcow2", Bus: "virtio", Serial: "2f3344556677889900aa", VirtualSize: 1 << 30},
					{Path: "/d/a-disk2.qcow2", Format: "qcow2", Bus: "virtio", VirtualSize: 2 << 30},
				},
				NICs: []report.HardwareNIC{{Model: "virtio", MAC: "00:50:56:01:02:03", Network: "VM Network"}, {Model: "virtio", Network: "Storage"}},
			},
		},
		"Windows from a mere disk": {
			Found{nil, nil, report.Guest{Type: "windows", Arch: "x86_64", Firmware: BIOS, DiskBus: "sata", NICModel: "e1000e", CPULevel: "x86-64-v2"}, disks[1:]},
			report.Hardware{
				Arch: "x86_64", MachineType: "q35", Firmware: BIOS, VCPUs: DefaultVCPUs, MemoryMiB: DefaultMemoryMiB, CPULevel: "x86-64-v2",
				Clock: "localtime", Video: "vga",
				Disks: []report.HardwareDisk{{Path: "/d/a-disk2.qcow2", Format: "qcow2", Bus: "sata", VirtualSize: 2 << 30}},
				NICs:  []report.HardwareNIC{{Model: "e1000e"}},
			},
		},
		"Windows on a machine whose clock shows UTC": {
			Found{&report.Machine{VCPUs: 1, Clock: "utc"}, nil, report.Guest{Type: "windows", Arch: "x86_64", DiskBus: "sata", NICModel: "e1000e"}, nil},
			report.Hardware{
				Arch: "x86_64", MachineType: "q35", Firmware: BIOS, VCPUs: 1, MemoryMiB: DefaultMemoryMiB, CPULevel: "x86-64", Clock: "utc", Video: "vga",
				Disks: []report.HardwareDisk{}, NICs: []report.HardwareNIC{},
			},
		},
		"Windows XP": {
			Found{&report.Machine{VCPUs: 1}, nil, report.Guest{Type: "windows", Arch: "i386", Firmware: BIOS, DiskBus: "ide", NICModel: "rtl8139"}, nil},
			report.Hardware{
				Arch: "i386", MachineType: "pc", Firmware: BIOS, VCPUs: 1, MemoryMiB: DefaultMemoryMiB, Clock: "localtime", Video: "vga",
				Disks: []report.HardwareDisk{}, NICs: []report.HardwareNIC{},
			},
		},
		"Secure Boot without UEFI": {
			Found{&report.Machine{SecureBoot: true}, nil, report.Guest{Type: "linux", Arch: "x86_64", Firmware: BIOS, DiskBus: "scsi", NICModel: "virtio", Clock: "localtime"}, nil},
			report.Hardware{
				Arch: "x86_64", MachineType: "q35", Firmware: BIOS, VCPUs: DefaultVCPUs, MemoryMiB: DefaultMemoryMiB, CPULevel: "x86-64", Clock: "localtime",
				Video: "vga", RNG: true, GuestAgent: true, Disks: []report.HardwareDisk{}, NICs: []report.HardwareNIC{},
			},
		},
		"unprepared Linux": {
			Found{described, described.NICs, report.Guest{Type: "linux", Arch: "x86_64", Firmware: BIOS, DiskBus: "sata", NICModel: "e1000e"}, nil},
			report.Hardware{
				Name: "db01", Arch: "x86_64", MachineType: "q35", Firmware: BIOS, TPM: true, VCPUs: 4, MemoryMiB: 8192, CPULevel: "x86-64", Clock: "utc",
				Video: "vga", Disks: []report.HardwareDisk{},
				NICs: []report.HardwareNIC{{Model: "e1000e", MAC: "00:50:56:01:02:03", Network: "VM Network"}, {Model: "e1000e", Network: "Storage"}},
			},
		},
	} {
		if diff := cmp.Diff(&test.want, Needs(test.found)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestLevelOfRelease(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		system, distro string
		major          int
		want           string
	}{
		{"linux", "rhel", 8, ""}, {"linux", "rhel", 9, "x86-64-v2"}, {"linux", "rocky", 9, "x86-64-v2"}, {"linux", "centos", 10, "x86-64-v3"},
		{"linux", "oraclelinux", 10, "x86-64-v3"}, {"linux", "sles", 15, ""}, {"linux", "sles", 16, "x86-64-v2"}, {"linux", "opensuse", 15, ""}, {"linux", "opensuse", 16, "x86-64-v2"},
		{"linux", "opensuse", 20260101, ""}, {"linux", "debian", 13, ""},
		{"windows", "windows", 10, "x86-64-v2"}, {"windows", "windows", 6, ""}, {"freebsd", "freebsd", 14, ""},
	} {
		if got := LevelOfRelease(test.system, test.distro, test.major); got != test.want {
			t.Errorf("%s %d: %q, want %q", test.distro, test.major, got, test.want)
		}
	}
}

func TestClockOf(t *testing.T) {
	t.Parallel()
	const adjtime, sysconfig, rcS, openRC, arch = "/etc/adjtime", "/etc/sysconfig/clock", "/etc/default/rcS", "/etc/conf.d/hwclock", "/etc/rc.conf"
	for _, test := range []struct{ file, text, want string }{
		{adjtime, "0.0 0 0.0\n0\nLOCAL\n", "localtime"}, {adjtime, "0.0 0 0.0\n0\nUTC\n", "utc"}, {adjtime, "0.0 0 0\n0\nLOCAL", "localtime"},
		{adjtime, "", ""}, {adjtime, "LOCAL", ""}, {adjtime, "0.0 0 0\n0\n", ""},
		{sysconfig, "ZONE=\"Europe/Vienna\"\nUTC=false\nARC=false\n", "localtime"}, {sysconfig, "ZONE=\"x\"\nUTC=true", "utc"},
		{sysconfig, "# comment\nHWCLOCK=\"--localtime\"\n", "localtime"}, {sysconfig, "HWCLOCK=\"-u\"", "utc"}, {sysconfig, "HWCLOCK='--utc'\nUTC=\"\"", "utc"},
		{sysconfig, "ZONE=\"Europe/Vienna\"\n", ""}, {sysconfig, "#UTC=false\n", ""},
		{rcS, "TMPTIME=0\nUTC=no\n", "localtime"}, {rcS, "UTC=yes # as it is\n", "utc"},
		{openRC, "clock=\"local\"\n", "localtime"}, {openRC, "clock=\"UTC\"\n", "utc"}, {arch, "HARDWARECLOCK=\"localtime\"\n", "localtime"}, {arch, "hostname=\"x\"", ""},
	} {
		if got := ClockOf(test.file, test.text); got != test.want {
			t.Errorf("%q in %s is %q, want %q", test.text, test.file, got, test.want)
		}
	}
}

// property is one of a note, padded as in 64-bit files.
func property(kind uint32, data ...byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, kind)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
	out = append(out, data...)
	return append(out, make([]byte, -len(data)&7)...)
}

func note(name string, kind uint32, description []byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(name)+1))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(description)))
	out = binary.LittleEndian.AppendUint32(out, kind)
	return append(append(append(out, name...), 0), description...)
}

func TestLevelOfNotes(t *testing.T) {
	t.Parallel()
	cet := property(0xc0000002, 3, 0, 0, 0)
	for name, test := range map[string]struct {
		notes []byte
		want  string
	}{
		"baseline":           {note("GNU", 5, property(isaNeeded, 1, 0, 0, 0)), "x86-64"},
		"RHEL 9":             {note("GNU", 5, append(cet, property(isaNeeded, 3, 0, 0, 0)...)), "x86-64-v2"},
		"RHEL 10":            {note("GNU", 5, append(cet, property(isaNeeded, 7, 0, 0, 0)...)), "x86-64-v3"},
		"the highest alone":  {note("GNU", 5, property(isaNeeded, 8, 0, 0, 0)), "x86-64-v4"},
		"behind another":     {append(note("GNU", 1, make([]byte, 16)), note("GNU", 5, property(isaNeeded, 3, 0, 0, 0))...), "x86-64-v2"},
		"nothing of it":      {note("GNU", 5, cet), ""},
		"no level":           {note("GNU", 5, property(isaNeeded, 0, 0, 0, 0)), ""},
		"another's note":     {note("XYZ", 5, property(isaNeeded, 3, 0, 0, 0)), ""},
		"another's size":     {note("GNU", 5, property(isaNeeded, 3)), ""},
		"cut off":            {note("GNU", 5, property(isaNeeded, 3, 0, 0, 0))[:28], ""},
		"a size beyond it":   {note("GNU", 5, []byte{2, 0x80, 0, 0xc0, 255, 255, 255, 255}), ""},
		"a note beyond it":   {[]byte("\x04\x00\x00\x00\xff\xff\xff\xff\x05\x00\x00\x00GNU\x00"), ""},
		"no note at all":     {nil, ""},
		"less than a header": {[]byte("GNU"), ""},
	} {
		if got := levelOfNotes(test.notes); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// loaderWith is an ELF file with one section of notes.
func loaderWith(machine elf.Machine, notes []byte) []byte {
	names := []byte("\x00.note.gnu.property\x00.shstrtab\x00")
	header := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(machine), Version: 1, Shoff: 64, Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2,
	}
	copy(header.Ident[:], "\x7fELF\x02\x01\x01")
	var out bytes.Buffer
	data := uint64(64 + 3*64)
	for _, part := range []any{
		header, elf.Section64{},
		elf.Section64{Name: 1, Type: uint32(elf.SHT_NOTE), Off: data, Size: uint64(len(notes))},
		elf.Section64{Name: 20, Type: uint32(elf.SHT_STRTAB), Off: data + uint64(len(notes)), Size: uint64(len(names))},
		notes, names,
	} {
		_ = binary.Write(&out, binary.LittleEndian, part) // a buffer takes all
	}
	return out.Bytes()
}

func TestLevelOfLoader(t *testing.T) {
	t.Parallel()
	v2 := note("GNU", 5, property(isaNeeded, 3, 0, 0, 0))
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"RHEL 9":              {loaderWith(elf.EM_X86_64, v2), "x86-64-v2"},
		"another processor":   {loaderWith(elf.EM_AARCH64, v2), ""},
		"no notes":            {loaderWith(elf.EM_X86_64, nil), ""},
		"no ELF file":         {[]byte("#!/bin/sh\n"), ""},
		"an ELF file no more": {loaderWith(elf.EM_X86_64, v2)[:80], ""},
		"nothing":             {nil, ""},
	} {
		if got := LevelOfLoader(test.data); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	// What the loader of the host says, if it says something, is a level.
	if data, err := os.ReadFile(Loader); err == nil && LevelOfLoader(data) != "" && LevelOfLoader(data)[:6] != "x86-64" {
		t.Errorf("the loader of this host is of %q", LevelOfLoader(data))
	}
}

func FuzzLevelOfLoader(f *testing.F) {
	f.Add(loaderWith(elf.EM_X86_64, note("GNU", 5, property(isaNeeded, 3, 0, 0, 0))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if level := LevelOfLoader(data); level != "" && level[:6] != "x86-64" {
			t.Error(level)
		}
		_ = levelOfNotes(data)
	})
}

// Copies of a disk have one serial number, by which a guest would take them for one.
func TestSerialOfTwoDisks(t *testing.T) {
	t.Parallel()
	disks := Needs(Found{Guest: report.Guest{DiskBus: "scsi"}, Disks: []report.HardwareDisk{
		{Serial: "6000c29a0000000000000000000000aa"}, {Serial: "6000c29b0000000000000000000000aa"}, {Serial: "6000c29a0000000000000000000000bb"}, {}, {},
	}}).Disks
	for n, want := range []string{"", "", "000000000000000000bb", "", ""} {
		if disks[n].Serial != want {
			t.Errorf("disk %d has the serial number %q, want %q", n, disks[n].Serial, want)
		}
	}
}
