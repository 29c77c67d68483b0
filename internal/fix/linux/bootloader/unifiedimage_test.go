package bootloader

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestUnifiedImages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ image, want string }{
		"by name":    {guesttest.UnifiedImage(t, "root=/dev/sda2 ro"), "names devices of the old machine"},
		"by UUID":    {guesttest.UnifiedImage(t, "root=UUID=root-uuid ro\n"), ""},
		"no program": {"garbage", "could not be read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := testEditor(t, map[string]string{"/efi/EFI/Linux/linux.efi": tt.image})
			if _, err := verify(NewConfiguration(e, testNames, guest.FirmwareUEFI)); err != nil {
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
