package offline

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs/blockfstest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

// windowsFiles are what the files of a Windows have.
type windowsFiles struct{ program, software, system, hibernation []byte }

// server2019 are those of a system.
func server2019() windowsFiles {
	text := func(name, text string) registry.Value { return registry.TextValue(name, registry.String, text) }
	program := make([]byte, 512)
	copy(program, "MZ")
	program[0x3c] = 0x80
	copy(program[0x80:], "PE\x00\x00\x64\x86")
	copy(program[0x94:], "\xf0\x00\x22\x00\x0b\x02") // a header of a 64-bit program follows
	program[0x98+68], program[0x98+108] = 3, 16
	return windowsFiles{
		program: program,
		software: registrytest.Build(map[string][]registry.Value{`Microsoft\Windows NT\CurrentVersion`: {
			text("ProductName", "Windows Server 2019 Standard"), text("InstallationType", "Server"), text("CurrentBuildNumber", "17763"),
			text("CurrentVersion", "6.3"), registry.NumberValue("CurrentMajorVersionNumber", 10), registry.NumberValue("CurrentMinorVersionNumber", 0),
		}}),
		system: registrytest.Build(map[string][]registry.Value{
			"Select": {registry.NumberValue("Current", 1)}, `ControlSet001\Services\Tcpip\Parameters`: {text("Hostname", "FILES1")},
		}),
		hibernation: []byte("wake"),
	}
}

// windowsVolume is the volume of testdata with these files.
func windowsVolume(t *testing.T, f windowsFiles) []byte {
	t.Helper()
	image := blockfstest.Load(t, "testdata", "windows")
	data := make([]byte, image.Size)
	if _, err := image.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	for _, file := range []struct {
		letter  string
		length  int
		content []byte
	}{{"C", 4096, f.program}, {"S", 16384, f.software}, {"Y", 16384, f.system}, {"H", 4096, f.hibernation}} {
		at := bytes.Index(data, bytes.Repeat([]byte(file.letter), file.length))
		if at < 0 || len(file.content) > file.length {
			t.Fatalf("%d bytes do not fit into the file of %s", len(file.content), file.letter)
		}
		clear(data[at:][:file.length])
		copy(data[at:], file.content)
	}
	return data
}

func TestLookAtWindows(t *testing.T) {
	t.Parallel()
	view := lookAt(t, windowsVolume(t, server2019()))
	if len(view.Unread) > 0 || len(view.Stale) > 0 || len(view.Systems) != 1 {
		t.Fatalf("not read: %q, stale: %q, systems: %+v", view.Unread, view.Stale, view.Systems)
	}
	if want := (guest.OS{
		Root: "/dev/sda", Type: "windows", Distro: "windows", Product: "Windows Server 2019 Standard", Version: "10.0.17763", Major: 10,
		Arch: "x86_64", Hostname: "FILES1", Osinfo: "win2k19",
	}); !equalOS(view.Systems[0], want) {
		t.Errorf("the system is %+v, want %+v", view.Systems[0], want)
	}
	m, err := view.Mount(view.Systems[0])
	if err != nil || len(m.Mounts) != 1 || len(m.Warnings) > 0 {
		t.Errorf("mounted %+v, %v", m, err)
	}
	if area := m.Hibernated(view.Systems[0]); area != "" {
		t.Errorf("the guest is hibernated in %s", area)
	}
}

func TestLookAtHibernatedWindows(t *testing.T) {
	t.Parallel()
	files := server2019()
	files.hibernation = []byte("HIBR")
	view := lookAt(t, windowsVolume(t, files))
	m, err := view.Mount(view.Systems[0])
	if err != nil {
		t.Fatal(err)
	}
	if area := m.Hibernated(view.Systems[0]); area != guest.HibernationFile {
		t.Errorf("the guest is hibernated in %q", area)
	}
}

// TestLookAtOldWindows: libguestfs calls a system of 32 bits so, and older hives say less.
func TestLookAtOldWindows(t *testing.T) {
	t.Parallel()
	files := server2019()
	binary.LittleEndian.PutUint16(files.program[0x84:], 0x14c)
	files.software = registrytest.Build(map[string][]registry.Value{`Microsoft\Windows NT\CurrentVersion`: {
		registry.TextValue("ProductName", registry.String, "Microsoft Windows XP"), registry.TextValue("CurrentVersion", registry.String, "5.1"),
	}})
	view := lookAt(t, windowsVolume(t, files))
	if len(view.Unread) > 0 || len(view.Systems) != 1 {
		t.Fatalf("not read: %q", view.Unread)
	}
	if s := view.Systems[0]; s.Arch != "i386" || s.Version != "5.1" || s.Osinfo != "winxp" {
		t.Errorf("the system is %+v", s)
	}
}

// TestLookAtWindowsIsNotEnough: whatever may make the answer a wrong one is said.
func TestLookAtWindowsIsNotEnough(t *testing.T) {
	t.Parallel()
	const registryOf = "the registry of the Windows on /dev/sda: "
	for name, test := range map[string]struct {
		edit func(*windowsFiles)
		want string
	}{
		"no SOFTWARE":      {func(f *windowsFiles) { f.software = nil }, registryOf + "the hive is damaged"},
		"no SYSTEM":        {func(f *windowsFiles) { f.system = nil }, registryOf + "the hive is damaged"},
		"a wrong checksum": {func(f *windowsFiles) { f.system[0x30]++ }, registryOf + "the hive is damaged"},
		"other hives":      {func(f *windowsFiles) { f.system, f.software = f.software, f.system }, registryOf},
		"no product": {func(f *windowsFiles) {
			f.software = registrytest.Build(map[string][]registry.Value{`Microsoft\Windows NT\CurrentVersion`: nil})
		}, "which Windows"},
		"no program":        {func(f *windowsFiles) { f.program = nil }, "what processor"},
		"unknown processor": {func(f *windowsFiles) { f.program[0x84]++ }, "what processor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := server2019()
			test.edit(&files)
			view := lookAt(t, windowsVolume(t, files))
			if !slices.ContainsFunc(view.Unread, func(reason string) bool { return strings.Contains(reason, test.want) }) {
				t.Errorf("not read: %q, want %q", view.Unread, test.want)
			}
		})
	}
}

// TestLookAtCompressedWindows: programs of CompactOS cannot be read, and the registry tells what
// they are for.
func TestLookAtCompressedWindows(t *testing.T) {
	t.Parallel()
	files := server2019()
	files.program = nil
	files.system = registrytest.Build(map[string][]registry.Value{
		"Select": {registry.NumberValue("Current", 1)},
		`ControlSet001\Control\Session Manager\Environment`: {registry.TextValue("PROCESSOR_ARCHITECTURE", registry.String, "AMD64")},
	})
	view := lookAt(t, windowsVolume(t, files))
	if len(view.Unread) > 0 || len(view.Systems) != 1 || view.Systems[0].Arch != "x86_64" {
		t.Errorf("not read: %q, systems: %+v", view.Unread, view.Systems)
	}
}
