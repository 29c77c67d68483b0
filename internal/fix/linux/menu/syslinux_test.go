package menu

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func syslinuxMenuOf(t *testing.T, files map[string]string) Menu {
	t.Helper()
	menus, err := Read(edittest.Of(t, guesttest.New(t, files)).Reader, nil, guest.FirmwareBIOS)
	if err != nil || len(menus) != 1 {
		t.Fatalf("%+v, %v", menus, err)
	}
	return menus[0]
}

// TestSyslinuxParameters: they may stand before the kernel, behind it, or in another
// file, which is read as if it stood there.
func TestSyslinuxParameters(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"before":             "label a\n append initrd=/initrd root=x\n kernel /vmlinuz\n",
		"behind":             "label a\n kernel /vmlinuz\n append initrd=/initrd root=x\n",
		"in an include":      "label a\n include more.cfg\n kernel /vmlinuz\n",
		"none of its own":    "append quiet\nlabel a\n kernel /vmlinuz\n append initrd=/initrd root=x\n",
		"in capital letters": "LABEL a\n KERNEL /vmlinuz\n APPEND initrd=/initrd root=x\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := syslinuxMenuOf(t, map[string]string{
				"/boot/extlinux/extlinux.conf": text, "/boot/extlinux/more.cfg": "append initrd=/initrd root=x\n", "/vmlinuz": "x", "/initrd": "x",
			})
			file := func(name string) File { return File{Name: name, Path: name, State: Found} }
			want := []Entry{{
				File: "/boot/extlinux/extlinux.conf", Title: "a", Choice: "a", Kernel: file("/vmlinuz"), Initramfs: []File{file("/initrd")},
				Parameters: []string{"initrd=/initrd", "root=x"},
			}}
			if diff := cmp.Diff(want, m.Entries); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSyslinuxWithoutEnd: a configuration that includes itself many times has an end.
func TestSyslinuxWithoutEnd(t *testing.T) {
	t.Parallel()
	m := syslinuxMenuOf(t, map[string]string{
		"/boot/extlinux/extlinux.conf": strings.Repeat("include extlinux.conf\n", 50) + "label a\n kernel /vmlinuz\n", "/vmlinuz": "x",
	})
	if !strings.Contains(m.Unclear, "extlinux.conf") || len(m.Entries) == 0 {
		t.Errorf("unclear: %q, with %d entries", m.Unclear, len(m.Entries))
	}
}
