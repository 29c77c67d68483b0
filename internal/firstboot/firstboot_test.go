package firstboot

import (
	"bytes"
	"debug/pe"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestProgramIn(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"built/firstboot-x86.exe": {Data: []byte("for x86")}, "built/firstboot-amd64.exe": {Data: []byte("for amd64")},
	}
	for arch, want := range map[string]string{"i386": "for x86", "x86_64": "for amd64", "aarch64": "for x86"} {
		if got, err := programIn(files, arch); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", arch, got, err, want)
		}
	}
	if _, err := programIn(files, "ia64"); err == nil {
		t.Error("there is a program for Itanium")
	}
	if _, err := programIn(fstest.MapFS{}, "x86_64"); err == nil || remedy.Of(err) == "" {
		t.Errorf("without the programs: %v, and nothing to do about it", err)
	}
}

// TestAccBuiltPrograms: they start with all Windows from Vista on. They need nothing
// that Windows does not bring, and nothing in them tells when they were built.
func TestAccBuiltPrograms(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("reads the programs that make build has written: set TF_ACC=1")
	}
	t.Parallel()
	for arch, machine := range map[string]uint16{"i386": pe.IMAGE_FILE_MACHINE_I386, "x86_64": pe.IMAGE_FILE_MACHINE_AMD64} {
		data, err := Program(arch)
		if err != nil {
			t.Fatal(err)
		}
		program, err := pe.NewFile(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		libraries, err := program.ImportedSymbols()
		if err != nil {
			t.Fatal(err)
		}
		var needed []string
		for _, symbol := range libraries {
			_, library, _ := strings.Cut(symbol, ":")
			needed = append(needed, strings.ToLower(library))
		}
		slices.Sort(needed)
		needed = slices.Compact(needed)
		if want := []string{"advapi32.dll", "kernel32.dll", "msvcrt.dll"}; !slices.Equal(needed, want) {
			t.Errorf("%s: it needs %q; want %q", arch, needed, want)
		}
		var major uint16
		switch header := program.OptionalHeader.(type) {
		case *pe.OptionalHeader32:
			major = header.MajorSubsystemVersion
		case *pe.OptionalHeader64:
			major = header.MajorSubsystemVersion
		}
		if program.Machine != machine || program.TimeDateStamp != 0 || major == 0 || major > 6 || len(data) > 200<<10 {
			t.Errorf("%s: machine %#x, built at %d, for Windows %d, %d bytes", arch, program.Machine, program.TimeDateStamp, major, len(data))
		}
	}
}
