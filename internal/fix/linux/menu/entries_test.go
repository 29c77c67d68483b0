package menu

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestUnifiedImages(t *testing.T) {
	t.Parallel()
	e := edittest.Of(t, guesttest.New(t, map[string]string{
		"/boot/efi/EFI/Linux/a.efi": "x", "/efi/EFI/Linux/B.EFI": "x", "/boot/EFI/Linux/c.efi": "x", "/efi/EFI/Linux/d.txt": "x",
	}))
	got, err := UnifiedImages(e.Reader)
	want := []string{"/boot/efi/EFI/Linux/a.efi", "/efi/EFI/Linux/B.EFI", "/boot/EFI/Linux/c.efi"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
