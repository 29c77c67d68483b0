package bootloader

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
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

// TestFixUnifiedImages: parameters in a unified kernel image are edited where it is not
// signed.
func TestFixUnifiedImages(t *testing.T) {
	t.Parallel()
	const name = "/efi/EFI/Linux/linux.efi"
	image := func(cmdline string) string {
		return guesttest.UnifiedImageOf(t,
			guesttest.Section{Name: unifiedimage.Cmdline, Content: cmdline + "\n"},
			guesttest.Section{Name: unifiedimage.Initramfs, Content: "initramfs"})
	}
	signed := []byte(image("root=/dev/sda2 ro"))
	binary.LittleEndian.PutUint32(signed[64+4+20+112+8*4+4:], 100)
	tests := map[string]struct {
		image, want string
		unedited    bool // pipeline.fix.update_grub is false
		told        string
	}{
		"stale":              {image: image("quiet root=/dev/sda2 ro"), want: "quiet root=UUID=root-uuid ro"},
		"with a secret":      {image: image("root=/dev/sda2 ro systemd.set_credential=pw:hunter2"), want: "root=UUID=root-uuid ro systemd.set_credential=pw:hunter2"},
		"stable":             {image: image("root=UUID=root-uuid ro"), want: "root=UUID=root-uuid ro"},
		"signed":             {image: string(signed), want: "root=/dev/sda2 ro", told: "cannot be edited: it is signed"},
		"not to be edited":   {image: image("root=/dev/sda2 ro"), want: "root=/dev/sda2 ro", unedited: true, told: "names devices of the old machine in its kernel parameters"},
		"of no known device": {image: image("root=UUID=root-uuid resume=/dev/sdz9"), want: "root=UUID=root-uuid resume=/dev/sdz9", told: "names devices of the old machine"},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			e := testEditor(t, map[string]string{name: tt.image})
			c := NewConfiguration(e, testNames, guest.FirmwareUEFI)
			if !tt.unedited {
				if err := c.Fix(); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.WarnUnifiedImages(!tt.unedited); err != nil {
				t.Fatal(err)
			}
			if got, err := menu.UnifiedCmdline(e.Reader, name); got != tt.want || err != nil {
				t.Errorf("parameters = %q, %v, want %q", got, err, tt.want)
			}
			after, file, err := menu.OpenUnified(e.Reader, name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = file.Close() }()
			if text, err := after.Text(unifiedimage.Initramfs); text != "initramfs" || err != nil {
				t.Errorf("initramfs = %q, %v", text, err)
			}
			changes, warnings := e.Take()
			if changed := !strings.Contains(tt.image, tt.want); changed != (len(changes) == 1) {
				t.Errorf("changes = %v", changes)
			}
			if strings.Contains(fmt.Sprint(changes, warnings), "hunter2") {
				t.Errorf("a secret is told: %v, %v", changes, warnings)
			}
			switch {
			case tt.told == "" && len(warnings) > 0:
				t.Errorf("warnings = %v", warnings)
			case tt.told != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message, tt.told) || warnings[0].Remedy == ""):
				t.Errorf("warnings = %v, want one that says %q", warnings, tt.told)
			}
		})
	}
}

// failingUpload is a guest in which no file can be written anew.
type failingUpload struct{ guest.FS }

var errUpload = errors.New("it broke")

func (failingUpload) Upload(string, io.Reader, fs.FileMode) error { return errUpload }

// TestFixUnifiedImagesWithoutSpace: an image that has no room to be written anew stays as
// it is, as one that is signed does; and room is not blamed where there is enough.
func TestFixUnifiedImagesWithoutSpace(t *testing.T) {
	t.Parallel()
	const name = "/efi/EFI/Linux/linux.efi"
	image := guesttest.UnifiedImageOf(t,
		guesttest.Section{Name: unifiedimage.Cmdline, Content: "root=/dev/sda2 ro " + strings.Repeat("x", 30<<10)},
		guesttest.Section{Name: unifiedimage.Initramfs, Content: strings.Repeat("i", 1<<20)})
	for label, free := range map[string]int64{"full": 1 << 20, "with room": int64(len(image)) + spaceMargin + 4096} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			e := edittest.New(t, edit.Guest{
				FS: failingUpload{guesttest.New(t, map[string]string{name: image})}, Mounts: guesttest.Mounts,
				Space: func(string) (guest.Space, error) { return guest.Space{Free: free, Inodes: -1}, nil },
			})
			c := NewConfiguration(e, testNames, guest.FirmwareUEFI)
			err := c.Fix()
			if label != "full" {
				if !errors.Is(err, errUpload) || errors.Is(err, edit.ErrNoSpace) {
					t.Errorf("error = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if needsOldDisk, err := verify(c); err != nil || !needsOldDisk {
				t.Errorf("it needs a disk with its old name: %t, %v", needsOldDisk, err)
			}
			changes, warnings := e.Take()
			if len(changes) > 0 || len(warnings) == 0 || warnings[0].ID != report.ConcernGuestSpace || warnings[0].Remedy == "" {
				t.Errorf("changes = %v, warnings = %v", changes, warnings)
			}
		})
	}
}
