// Package kernel finds the kernels that a guest can boot, the one that it boots
// by itself, and where each has its drivers. It changes nothing.
package kernel

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
)

// Kernel is a kernel that a boot loader of the guest may start, with one
// of its initramfs images.
type Kernel struct {
	Version   string // as in /lib/modules/<version>
	Image     string // guest path
	Initramfs string // guest path, or ""
	Entry     string // id of the loader entry that names it, or ""
}

// Unified reports whether the kernel is one file with its initramfs: a unified kernel
// image.
func (k Kernel) Unified() bool { return k.Image == k.Initramfs }

// kernelNames are the prefixes of kernel files in /boot.
var kernelNames = []string{"vmlinuz-", "vmlinux-", "bzImage-", "Image-", "kernel-"}

// notForBoot finds kernels and images for other ends than booting the guest,
// and left-overs of package managers and administrators.
var notForBoot = regexp.MustCompile(`rescue|kdump|ucode|\.(old|bak|dpkg-[a-z]+|rpm(save|new|orig)|orig|tmp|hmac|sig)$`)

// List finds the bootable kernels: those that the menus of the boot loaders start,
// with the initramfs that they get there, and the files in /boot that are called as
// kernels are. Newest first.
func List(e *edit.Reader) ([]Kernel, error) {
	found, err := started(e)
	if err != nil {
		return nil, err
	}
	// An entry without initramfs beside one with it is for an emergency.
	all := slices.Clone(found)
	found = slices.DeleteFunc(found, func(k Kernel) bool {
		first := slices.IndexFunc(all, func(o Kernel) bool { return o.Image == k.Image })
		return k.Initramfs == "" && all[first].Initramfs != ""
	})
	files, err := e.List("/boot", "*-*")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		name, ok := kernelFlavour(path.Base(file))
		if info, err := e.Stat(file); !ok || err != nil || !info.Mode.IsRegular() {
			continue
		}
		itself := behindLinks(e, file)
		if slices.ContainsFunc(found, func(k Kernel) bool { return k.Image == itself }) {
			continue
		}
		version, err := moduleVersion(e, name)
		if err != nil {
			return nil, err
		}
		found = append(found, Kernel{Version: version, Image: file, Initramfs: initramfsFor(e, name)})
	}
	slices.SortStableFunc(found, func(a, b Kernel) int { return menu.CompareVersions(b.Version, a.Version) })
	return found, nil
}

// kernelFlavour returns what follows the prefix in a kernel's file name: its
// version or, with Arch and Alpine, the name of its package.
func kernelFlavour(base string) (string, bool) {
	if notForBoot.MatchString(base) {
		return "", false
	}
	for _, prefix := range kernelNames {
		if name, ok := strings.CutPrefix(base, prefix); ok && name != "" {
			return name, true
		}
	}
	return "", false
}

// moduleVersion finds the module directory that belongs to a kernel's name:
// the one so called, else Arch's, which has the name in pkgbase, else the only
// one that ends in it, as Alpine's "lts" does.
func moduleVersion(e *edit.Reader, name string) (string, error) {
	if e.Exists(path.Join("/lib/modules", name)) {
		return name, nil
	}
	directories, err := e.List("/lib/modules", "*")
	if err != nil {
		return "", err
	}
	var ending []string
	for _, directory := range directories {
		version := path.Base(directory)
		pkgbase, _, err := e.Read(path.Join(directory, "pkgbase"))
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(pkgbase) == name {
			return version, nil
		}
		if strings.HasSuffix(version, "-"+name) {
			ending = append(ending, version)
		}
	}
	if len(ending) == 1 {
		return ending[0], nil
	}
	return name, nil
}

// initramfsFor returns the image that the distributions' naming schemes give
// to a kernel, or "".
func initramfsFor(e *edit.Reader, name string) string {
	for _, candidate := range []string{
		"initrd.img-" + name,          // Debian
		"initramfs-" + name + ".img",  // RHEL, Fedora, Arch
		"initrd-" + name,              // SUSE
		"initramfs-" + name,           // Alpine
		"initrd-" + name + ".img",     // RHEL 5
		"initramfs-genkernel-" + name, // Gentoo
		"booster-" + name + ".img",    // Arch with booster
	} {
		file := path.Join("/boot", candidate)
		if info, err := e.Stat(file); err == nil && info.Mode.IsRegular() {
			return file
		}
	}
	return ""
}
