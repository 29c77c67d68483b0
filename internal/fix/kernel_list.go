package fix

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// bootKernel is a kernel that a boot loader of the guest may start, with one
// of its initramfs images.
type bootKernel struct {
	version   string // as in /lib/modules/<version>
	image     string // guest path
	initramfs string // guest path, or ""
	entry     string // id of the loader entry that names it, or ""
}

// kernelNames are the prefixes of kernel files in /boot.
var kernelNames = []string{"vmlinuz-", "vmlinux-", "bzImage-", "Image-", "kernel-"}

// notForBoot finds kernels and images for other ends than booting the guest,
// and left-overs of package managers and administrators.
var notForBoot = regexp.MustCompile(`rescue|kdump|ucode|\.(old|bak|dpkg-[a-z]+|rpm(save|new|orig)|orig|tmp|hmac|sig)$`)

// kernels finds the bootable kernels: the files in /boot, and what Boot Loader
// Specification entries name. Newest first.
func (r *run) kernels() ([]bootKernel, error) {
	var found []bootKernel
	add := func(k bootKernel) {
		for i, old := range found {
			if old.version == k.version && (old.initramfs == k.initramfs || k.initramfs == "") {
				if old.entry == "" {
					found[i].entry = k.entry
				}
				return
			}
		}
		found = append(found, k)
	}
	files, err := r.list("/boot", "*-*")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		name, ok := kernelFlavour(path.Base(file))
		if info, err := r.fs.Stat(file); !ok || err != nil || !info.Mode.IsRegular() {
			continue
		}
		version, err := r.moduleVersion(name)
		if err != nil {
			return nil, err
		}
		add(bootKernel{version: version, image: file, initramfs: r.initramfsFor(name)})
	}
	entries, err := r.loaderKernels()
	if err != nil {
		return nil, err
	}
	for _, k := range entries {
		add(k)
	}
	slices.SortStableFunc(found, func(a, b bootKernel) int { return compareVersions(b.version, a.version) })
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
func (r *run) moduleVersion(name string) (string, error) {
	if r.exists(path.Join("/lib/modules", name)) {
		return name, nil
	}
	directories, err := r.list("/lib/modules", "*")
	if err != nil {
		return "", err
	}
	var ending []string
	for _, directory := range directories {
		version := path.Base(directory)
		pkgbase, _, err := r.read(path.Join(directory, "pkgbase"))
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
func (r *run) initramfsFor(name string) string {
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
		if info, err := r.fs.Stat(file); err == nil && info.Mode.IsRegular() {
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

func (r *run) loaderKernels() ([]bootKernel, error) {
	var found []bootKernel
	for _, loader := range loaderDirectories {
		files, err := r.list(loader.directory, "*.conf")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, _, err := r.read(file)
			if err != nil {
				return nil, err
			}
			kernel, err := r.loaderKernel(text, loader.mounts)
			if err != nil {
				return nil, err
			}
			if kernel.image == "" || notForBoot.MatchString(path.Base(file)) || notForBoot.MatchString(kernel.image) {
				continue
			}
			kernel.entry = strings.TrimSuffix(path.Base(file), ".conf")
			found = append(found, kernel)
		}
	}
	return found, nil
}

func (r *run) loaderKernel(text string, mounts []string) (bootKernel, error) {
	k := bootKernel{}
	version := ""
	for line := range strings.Lines(text) {
		key, value := conf.LoaderField(line)
		switch key {
		case "version":
			version = value
		case "linux":
			k.image = r.behind(mounts, value)
		case "initrd":
			for _, name := range strings.Fields(value) {
				if !strings.HasPrefix(name, "$") && !notForBoot.MatchString(name) {
					k.initramfs = r.behind(mounts, name)
				}
			}
		}
	}
	if k.image == "" {
		return k, nil
	}
	// The version field is for people; what is on disk decides.
	names := []string{version, path.Base(path.Dir(k.image))}
	if name, ok := kernelFlavour(path.Base(k.image)); ok {
		names = append([]string{name}, names...)
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		found, err := r.moduleVersion(name)
		if err != nil {
			return k, err
		}
		if r.exists(path.Join("/lib/modules", found)) {
			k.version = found
			return k, nil
		}
	}
	k.version = names[0]
	return k, nil
}

// behind returns the guest path of a file that a loader sees under one of the
// mount points, or "".
func (r *run) behind(mounts []string, name string) string {
	for _, mount := range mounts {
		file := path.Join(mount, name)
		if info, err := r.fs.Stat(file); err == nil && info.Mode.IsRegular() {
			return file
		}
	}
	return ""
}
