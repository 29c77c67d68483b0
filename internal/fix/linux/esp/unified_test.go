package esp

import (
	"debug/pe"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// full is a guest whose EFI system partition is full.
type full struct{ guest.FS }

func (full) Upload(string, io.Reader, fs.FileMode) error { return syscall.ENOSPC }

// TestUnifiedFallbackLoader: where nothing but unified kernel images is there to start,
// firmware starts one.
func TestUnifiedFallbackLoader(t *testing.T) {
	t.Parallel()
	image := func(version string) string {
		return guesttest.UnifiedImageOf(t, guesttest.Section{Name: ".uname", Content: version}, guesttest.Section{Name: ".linux", Content: "k"})
	}
	const fallback = "/efi/EFI/BOOT/BOOTX64.EFI"
	for name, test := range map[string]struct {
		files map[string]string
		full  bool
		want  string // what the fallback loader becomes, or "" for none
		told  string
	}{
		"the newest": {
			files: map[string]string{"/efi/EFI/Linux/id-6.9.1.efi": image("6.9.1"), "/efi/EFI/Linux/id-6.12.0.efi": image("6.12.0")},
			want:  image("6.12.0"), told: "starts a copy of /efi/EFI/Linux/id-6.12.0.efi",
		},
		"none for an emergency": {
			files: map[string]string{"/efi/EFI/Linux/arch-linux.efi": image("1"), "/efi/EFI/Linux/arch-linux-fallback.efi": image("2")},
			want:  image("1"), told: "starts a copy of /efi/EFI/Linux/arch-linux.efi",
		},
		"in place of what starts nothing": {
			files: map[string]string{"/efi/EFI/Linux/a.efi": image("1"), fallback: ""},
			want:  image("1"), told: "starts a copy of",
		},
		"of another processor": {
			files: map[string]string{"/efi/EFI/Linux/a.efi": program(pe.IMAGE_FILE_MACHINE_ARM64)}, told: "has no boot loader",
		},
		"without room":         {files: map[string]string{"/efi/EFI/Linux/a.efi": image("1")}, full: true, told: "has no boot loader"},
		"beside a boot loader": {files: map[string]string{"/efi/EFI/Linux/a.efi": image("1"), "/efi/EFI/systemd/systemd-bootx64.efi": "MZsd"}, want: "MZsd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := guest.FS(guesttest.New(t, test.files))
			g := edit.Guest{FS: tree, Mounts: []guest.Mount{{Device: "/dev/sda2", Path: "/", FSType: "ext4"}, {Device: "/dev/sda1", Path: "/efi", FSType: "vfat"}}}
			if test.full {
				g.FS = full{tree}
				g.Space = func(string) (guest.Space, error) { return guest.Space{Free: 100}, nil }
			}
			e := edittest.New(t, g)
			if err := FixFallbackLoader(e, guest.OS{Arch: "x86_64"}, guest.FirmwareUEFI); err != nil {
				t.Fatal(err)
			}
			data, err := e.ReadFile(fallback)
			if got := string(data); err == nil && got != test.want || err != nil && test.want != "" {
				t.Errorf("the fallback loader has %d bytes, %v, want %d", len(got), err, len(test.want))
			}
			changes, warnings := e.Take()
			if (test.want != "") != (len(changes) == 1) {
				t.Errorf("changes = %v", changes)
			}
			switch {
			case test.told == "" && len(warnings) > 0:
				t.Errorf("warnings = %v", warnings)
			case test.told != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message, test.told) || warnings[0].Remedy == ""):
				t.Errorf("warnings = %v, want one that says %q", warnings, test.told)
			}
		})
	}
}
