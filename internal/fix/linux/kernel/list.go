// Package kernel finds the kernels that a guest can boot, the one that it boots
// by itself, and where each has its drivers. It changes nothing.
package kernel

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// Kernel is a kernel that a boot loader of the guest may start, with one
// of its initramfs images.
type Kernel struct {
	Version   string // as in /lib/modules/<version>
	Image     string // guest path
	Initramfs string // guest path, or ""
	Entry     string // id of the loader entry that names it, or ""
}

// kernelNames are the prefixes of kernel files in /boot.
var kernelNames = []string{"vmlinuz-", "vmlinux-", "bzImage-", "Image-", "kernel-"}

// notForBoot finds kernels and images for other ends than booting the guest,
// and left-overs of package managers and administrators.
var notForBoot = regexp.MustCompile(`rescue|kdump|ucode|\.(old|bak|dpkg-[a-z]+|rpm(save|new|orig)|orig|tmp|hmac|sig)$`)

// List finds the bootable kernels: the files in /boot, and what Boot Loader
// Specification entries name. Newest first.
func List(e *edit.Editor) ([]Kernel, error) {
	var found []Kernel
	add := func(k Kernel) {
		for i, old := range found {
			if old.Version == k.Version && (old.Initramfs == k.Initramfs || k.Initramfs == "") {
				if old.Entry == "" {
					found[i].Entry = k.Entry
				}
				return
			}
		}
		found = append(found, k)
	}
	files, err := e.List("/boot", "*-*")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		name, ok := kernelFlavour(path.Base(file))
		if info, err := e.Stat(file); !ok || err != nil || !info.Mode.IsRegular() {
			continue
		}
		version, err := moduleVersion(e, name)
		if err != nil {
			return nil, err
		}
		add(Kernel{Version: version, Image: file, Initramfs: initramfsFor(e, name)})
	}
	entries, err := loaderKernels(e)
	if err != nil {
		return nil, err
	}
	for _, k := range entries {
		add(k)
	}
	slices.SortStableFunc(found, func(a, b Kernel) int { return compareVersions(b.Version, a.Version) })
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
func moduleVersion(e *edit.Editor, name string) (string, error) {
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
func initramfsFor(e *edit.Editor, name string) string {
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

// loaderDirectories hold Boot Loader Specification entries, each with the
// mount points that the entries' paths may be relative to.
var loaderDirectories = []struct {
	directory string
	mounts    []string
}{
	{"/boot/loader/entries", []string{"/boot", "/"}},
	{"/boot/efi/loader/entries", []string{"/boot/efi"}},
	{"/efi/loader/entries", []string{"/efi"}},
}

func loaderKernels(e *edit.Editor) ([]Kernel, error) {
	var found []Kernel
	for _, loader := range loaderDirectories {
		files, err := e.List(loader.directory, "*.conf")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, _, err := e.Read(file)
			if err != nil {
				return nil, err
			}
			kernel, err := loaderKernel(e, text, loader.mounts)
			if err != nil {
				return nil, err
			}
			if kernel.Image == "" || notForBoot.MatchString(path.Base(file)) || notForBoot.MatchString(kernel.Image) {
				continue
			}
			kernel.Entry = strings.TrimSuffix(path.Base(file), ".conf")
			found = append(found, kernel)
		}
	}
	return found, nil
}

func loaderKernel(e *edit.Editor, text string, mounts []string) (Kernel, error) {
	k := Kernel{}
	version := ""
	for line := range strings.Lines(text) {
		key, value := conf.LoaderField(line)
		switch key {
		case "version":
			version = value
		case "linux":
			k.Image = behind(e, mounts, value)
		case "initrd":
			for _, name := range strings.Fields(value) {
				if !strings.HasPrefix(name, "$") && !notForBoot.MatchString(name) {
					k.Initramfs = behind(e, mounts, name)
				}
			}
		}
	}
	if k.Image == "" {
		return k, nil
	}
	// The version field is for people; what is on disk decides.
	names := []string{version, path.Base(path.Dir(k.Image))}
	if name, ok := kernelFlavour(path.Base(k.Image)); ok {
		names = append([]string{name}, names...)
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		found, err := moduleVersion(e, name)
		if err != nil {
			return k, err
		}
		if e.Exists(path.Join("/lib/modules", found)) {
			k.Version = found
			return k, nil
		}
	}
	k.Version = names[0]
	return k, nil
}

// behind returns the guest path of a file that a loader sees under one of the
// mount points, or "".
func behind(e *edit.Editor, mounts []string, name string) string {
	for _, mount := range mounts {
		file := path.Join(mount, name)
		if info, err := e.Stat(file); err == nil && info.Mode.IsRegular() {
			return file
		}
	}
	return ""
}
