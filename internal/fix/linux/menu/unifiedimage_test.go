package menu

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestUnifiedImages(t *testing.T) {
	t.Parallel()
	kernel := strings.Repeat("k", smallestUnified)
	whole := guesttest.UnifiedImageOf(t, guesttest.Section{Name: ".linux", Content: kernel})
	loader := guesttest.UnifiedImageOf(t, guesttest.Section{Name: ".data", Content: kernel})
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"in EFI/Linux": {
			map[string]string{"/boot/efi/EFI/Linux/a.efi": "x", "/efi/EFI/linux/B.EFI": "x", "/boot/EFI/Linux/c.efi": "x", "/efi/EFI/Linux/d.txt": "x"},
			[]string{"/boot/efi/EFI/Linux/a.efi", "/efi/EFI/linux/B.EFI", "/boot/EFI/Linux/c.efi"},
		},
		"as the fallback loader": {
			map[string]string{"/efi/EFI/Linux/a.efi": "x", "/efi/EFI/BOOT/BOOTX64.EFI": whole},
			[]string{"/efi/EFI/BOOT/BOOTX64.EFI", "/efi/EFI/Linux/a.efi"},
		},
		"loaders": {map[string]string{
			"/efi/EFI/BOOT/BOOTX64.EFI": "MZ", "/efi/EFI/boot/bootia32.efi": loader, "/efi/EFI/BOOT/other.efi": whole, "/efi/EFI/BOOT/BOOTAA64.EFI": kernel,
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := UnifiedImages(edittest.Of(t, guesttest.New(t, test.files)).Reader)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestUnifiedDefault: firmware starts an image by itself, or systemd-boot the one that
// its settings name.
func TestUnifiedDefault(t *testing.T) {
	t.Parallel()
	whole := guesttest.UnifiedImageOf(t, guesttest.Section{Name: ".linux", Content: strings.Repeat("k", smallestUnified)})
	images := map[string]string{"/efi/EFI/Linux/arch-linux.efi": "x", "/efi/EFI/Linux/arch-linux-lts.efi": "x"}
	for name, test := range map[string]struct {
		files map[string]string
		want  string // "" for no default
	}{
		"not known":      {nil, ""},
		"by name":        {map[string]string{"/efi/loader/loader.conf": "timeout 3\ndefault Arch-linux-lts.efi\n"}, "arch-linux-lts.efi"},
		"by a pattern":   {map[string]string{"/efi/loader/loader.conf": "default arch-linux.*\n"}, "arch-linux.efi"},
		"another":        {map[string]string{"/efi/loader/loader.conf": "default fedora-*\n"}, "arch-linux.efi"},
		"the firmware's": {map[string]string{"/efi/loader/loader.conf": "default arch-linux.efi\n", "/efi/EFI/BOOT/BOOTX64.EFI": whole}, "BOOTX64.EFI"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			menus, err := Read(edittest.Of(t, guesttest.New(t, images, test.files)).Reader, nil, guest.FirmwareUEFI)
			if err != nil || len(menus) != 1 {
				t.Fatalf("%+v, %v", menus, err)
			}
			got := ""
			if m := menus[0]; m.Default >= 0 {
				got = m.Entries[m.Default].Title
			}
			if got != test.want {
				t.Errorf("the default is %q, want %q", got, test.want)
			}
		})
	}
}
