package unifiedimage

import (
	"io"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func open(t *testing.T, file string) *Image {
	t.Helper()
	image, err := Open(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// content is what a section holds, and "none" where the image has no such section.
func content(t *testing.T, i *Image, name string) string {
	t.Helper()
	section, ok, err := i.Section(name)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return "none"
	}
	data, err := io.ReadAll(section)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSection(t *testing.T) {
	t.Parallel()
	image := open(t, guesttest.UnifiedImageOf(t,
		guesttest.Section{Name: Version, Content: "6.12.9\n\x00"}, guesttest.Section{Name: Cmdline, Content: "quiet"},
		guesttest.Section{Name: profile, Content: "ID=debug"},
		guesttest.Section{Name: Cmdline, Content: "debug"}, guesttest.Section{Name: Initramfs, Content: "of debug"}))
	for name, want := range map[string]string{Cmdline: "quiet", Initramfs: "none", Kernel: "none", Version: "6.12.9\n\x00"} {
		if got := content(t, image, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{Version: "6.12.9", Kernel: ""} {
		if got, err := image.Text(name); got != want || err != nil {
			t.Errorf("Text(%s) = %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	if _, err := Open(strings.NewReader("garbage"), 7); err == nil || !strings.Contains(err.Error(), "no EFI program") {
		t.Errorf("error = %v", err)
	}
	whole := guesttest.UnifiedImageOf(t, guesttest.Section{Name: Cmdline, Content: "quiet"})
	object := whole[64+4:] // without the header of an EFI program
	if _, err := Open(strings.NewReader(object), int64(len(object))); err == nil || !strings.Contains(err.Error(), "no EFI program") {
		t.Errorf("of an object: error = %v", err)
	}
	cut := open(t, whole[:len(whole)-512])
	if _, err := cut.Text(Cmdline); err == nil || !strings.Contains(err.Error(), "over its end") {
		t.Errorf("of an image that was cut off: error = %v", err)
	}
	long := open(t, guesttest.UnifiedImage(t, strings.Repeat("x", maxText+1)))
	if _, err := long.Text(Cmdline); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("of long text: error = %v", err)
	}
}
