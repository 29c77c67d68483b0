package bootloader

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// unifiedImage makes an EFI program whose only section is .cmdline.
func unifiedImage(t *testing.T, cmdline string) string {
	t.Helper()
	var b bytes.Buffer
	dos := make([]byte, 64)
	copy(dos, "MZ")
	dos[0x3c] = 64
	b.Write(dos)
	b.WriteString("PE\x00\x00")
	section := pe.SectionHeader32{
		VirtualSize: uint32(len(cmdline)), SizeOfRawData: 512, PointerToRawData: 512,
	}
	copy(section.Name[:], ".cmdline")
	for _, header := range []any{pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1}, section} {
		if err := binary.Write(&b, binary.LittleEndian, header); err != nil {
			t.Fatal(err)
		}
	}
	b.Write(make([]byte, 512-b.Len()))
	b.WriteString(cmdline)
	b.Write(make([]byte, 1024-b.Len()))
	return b.String()
}

func TestUnifiedImages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ image, want string }{
		"by name":    {unifiedImage(t, "root=/dev/sda2 ro"), "names devices of the old machine"},
		"by UUID":    {unifiedImage(t, "root=UUID=root-uuid ro\n"), ""},
		"no program": {"garbage", "could not be read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := testEditor(t, map[string]string{"/efi/EFI/Linux/linux.efi": tt.image})
			if err := NewConfiguration(e, testNames, guest.FirmwareUEFI).Verify(true); err != nil {
				t.Fatal(err)
			}
			_, warnings := e.Take()
			if tt.want == "" && len(warnings) > 0 {
				t.Errorf("warnings = %v", warnings)
			}
			if tt.want != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message, tt.want)) {
				t.Errorf("warnings = %v, want one that says %q", warnings, tt.want)
			}
		})
	}
}
