package bootfile

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// TestNoFileIsInTwoRows takes the list with every directory and every name in it.
func TestNoFileIsInTwoRows(t *testing.T) {
	t.Parallel()
	var directories, names []string
	for _, f := range Files() {
		directory, name := path.Split(f.Pattern)
		for _, vendor := range []string{"debian", "loader", "limine", "syslinux"} {
			directories = append(directories, strings.ReplaceAll(directory, "*", vendor))
		}
		for _, part := range []string{"", "x", "grub", "custom"} {
			names = append(names, strings.ReplaceAll(name, "*", part))
		}
	}
	slices.Sort(directories)
	slices.Sort(names)
	matched := 0
	for _, directory := range slices.Compact(directories) {
		for _, name := range slices.Compact(slices.Clone(names)) {
			var at []string
			for _, f := range Files() {
				if f.Matches(directory + name) {
					at = append(at, f.Pattern)
				}
			}
			matched += len(at)
			if len(at) > 1 {
				t.Errorf("%s lies at %q", directory+name, at)
			}
		}
	}
	if matched < len(Files()) {
		t.Errorf("%d files matched %d places", matched, len(Files()))
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Format{
		"/boot/efi/EFI/centos/grub.cfg": GrubScript, "/boot/efi/EFI/BOOT/limine.cfg": Limine, "/boot/efi/EFI/BOOT/syslinux.cfg": Syslinux,
		"/boot/EFI/arch/limine.conf": Limine, "/efi/EFI/refind/refind.conf": Refind, "/efi/EFI/x/elilo.conf": Elilo, "/extlinux.conf": Syslinux,
		"/boot/syslinux/menus.cfg": Syslinux, "/etc/grub.d/41_custom": GrubCustom, "/boot/loader/loader.conf": LoaderConf,
		// Copies, and what is nobody's.
		"/boot/extlinux/extlinux.conf.bak": "", "/boot/limine/limine.conf~": "", "/boot/limine/limine.config": "", "/boot/syslinux/a.conf.d": "",
		"/boot/efi/EFI/BOOT/foreign.cfg": "", "/boot/efi/EFI/a/b/grub.cfg": "", "/etc/grub.d/10_linux": "", "/boot/config-6.1": "",
	} {
		if f, ok := Of(name); f.Format != want || ok != (want != "") {
			t.Errorf("%s is a %q, want %q", name, f.Format, want)
		}
	}
}

// TestOnFilesystem: a menu is found wherever its file system is mounted in the guest.
func TestOnFilesystem(t *testing.T) {
	t.Parallel()
	paths := OnFilesystem()
	for _, want := range []string{
		"/grub/grub.cfg", "/boot/grub2/grub.cfg", "/*/boot/grub/grub.cfg", "/EFI/*/grub.cfg", "/EFI/*/limine.conf", "/limine/limine.conf",
		"/loader/entries/*.conf", "/extlinux/extlinux.conf", "/syslinux/syslinux.cfg", "/extlinux.conf", "/boot/extlinux.conf", "/grub/menu.lst", "/refind_linux.conf",
	} {
		if !slices.Contains(paths, want) {
			t.Errorf("%s is not among %q", want, paths)
		}
	}
	for _, name := range paths {
		if base := path.Base(name); base == "*.cfg" || base == "custom.cfg" || base == "grubenv" || base == "lilo.conf" {
			t.Errorf("%s is no menu", name)
		}
	}
}
