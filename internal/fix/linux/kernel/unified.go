package kernel

import (
	"io"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// unifiedBy is the kernel of a unified kernel image; ok is false where its modules, and
// with them what drivers it has, are not known.
func unifiedBy(e *edit.Reader, entry menu.Entry) (k Kernel, ok bool, err error) {
	name := entry.Kernel.Path
	if otherPurpose.MatchString(path.Base(name)) {
		return k, false, nil
	}
	k = Kernel{Image: name, Initramfs: name}
	directories, err := e.List("/lib/modules", "*")
	if err != nil {
		return k, false, err
	}
	for _, directory := range directories {
		version := path.Base(directory)
		if strings.Contains(path.Base(name), version) && len(version) > len(k.Version) {
			k.Version = version
		}
	}
	if k.Version != "" {
		return k, true, nil
	}
	k.Version = unifiedVersion(e, name)
	return k, k.Version != "" && e.Exists(path.Join("/lib/modules", k.Version)), nil
}

// unifiedVersion is the version that a unified kernel image tells of its kernel, or "".
func unifiedVersion(e *edit.Reader, name string) string {
	image, file, err := menu.OpenUnified(e, name)
	if err != nil {
		return "" // told when its parameters are verified
	}
	defer func() { _ = file.Close() }()
	version, err := image.Text(unifiedimage.Version)
	if err != nil || version != "" {
		return version
	}
	kernel, ok, err := image.Section(unifiedimage.Kernel)
	if err != nil || !ok {
		return ""
	}
	head := make([]byte, maxHeader)
	n, err := io.ReadFull(kernel, head)
	if n == 0 && err != nil {
		return ""
	}
	return versionAtStart(head[:n])
}

// onlyUnified reports whether no menu starts anything but unified kernel images.
func onlyUnified(menus []menu.Menu) bool {
	unified := false
	for _, m := range menus {
		if m.Loader != menu.Unified && len(m.Entries) > 0 {
			return false
		}
		unified = unified || m.Loader == menu.Unified
	}
	return unified
}
