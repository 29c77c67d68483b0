package kernel

import (
	"encoding/binary"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// started are the kernels that the menus of the guest's boot loaders start, each with
// the initramfs that it gets there, whatever their files are called. The one that a
// menu starts by itself is the first of its image.
func started(e *edit.Reader) ([]Kernel, error) {
	menus, err := menu.Read(e, nil, "")
	if err != nil {
		return nil, err
	}
	var found []Kernel
	add := func(entry menu.Entry, loader menu.Loader) error {
		start := startedBy
		if entry.Unified {
			start = unifiedBy
		}
		k, ok, err := start(e, entry)
		if err != nil || !ok {
			return err
		}
		if entry.Version != "" || loader == menu.LoaderEntries {
			k.Entry = entry.ID
		}
		i := slices.IndexFunc(found, func(o Kernel) bool { return o.Image == k.Image && o.Initramfs == k.Initramfs })
		switch {
		case i < 0:
			found = append(found, k)
		case found[i].Entry == "":
			found[i].Entry = k.Entry
		}
		return nil
	}
	for _, m := range menus {
		if m.Default >= 0 {
			if err := add(m.Entries[m.Default], m.Loader); err != nil {
				return nil, err
			}
		}
		for _, entry := range m.Entries {
			if err := add(entry, m.Loader); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// otherPurpose finds entries and kernels that do not start the guest's system.
var otherPurpose = regexp.MustCompile(`rescue|kdump`)

// startedBy is the kernel of an entry; ok is false where its files are not known.
func startedBy(e *edit.Reader, entry menu.Entry) (k Kernel, ok bool, err error) {
	if entry.Kernel.State != menu.Found {
		return k, false, nil
	}
	k.Image = behindLinks(e, entry.Kernel.Path)
	if otherPurpose.MatchString(path.Base(k.Image)) || otherPurpose.MatchString(path.Base(entry.File)) {
		return k, false, nil
	}
	if k.Initramfs = systemImage(entry.Initramfs); k.Initramfs != "" {
		k.Initramfs = behindLinks(e, k.Initramfs)
	} else if len(entry.Initramfs) > 0 {
		return k, false, nil
	}
	k.Version, err = versionOf(e, entry, k)
	return k, true, err
}

// systemImage picks the initramfs of an entry that has the modules.
func systemImage(images []menu.File) string {
	picked := ""
	for _, image := range images {
		if image.State != menu.Found {
			continue
		}
		if strings.Contains(path.Base(image.Name), "initr") {
			return image.Path
		}
		picked = image.Path
	}
	return picked
}

// behindLinks is the path of the file itself, where a link leads to it.
func behindLinks(e *edit.Reader, name string) string {
	for range guest.MaxLinks {
		target, err := e.Readlink(name)
		if err != nil {
			break
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(name), target)
		}
		name = path.Clean(target)
	}
	return name
}

// IsAmong reports whether a file is one of several that may be named by links.
func IsAmong(e *edit.Reader, file string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return behindLinks(e, name) == file })
}

// versionOf finds out which modules a kernel has. What is on disk decides: the names
// of files, then what the kernel itself says, then the only modules that there are.
func versionOf(e *edit.Reader, entry menu.Entry, k Kernel) (string, error) {
	var names []string
	if name, ok := kernelFlavour(path.Base(k.Image)); ok {
		names = append(names, name)
	}
	names = append(names, entry.Version, path.Base(path.Dir(k.Image)))
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" || name == "boot" || name == "/" })
	for _, name := range names {
		found, err := moduleVersion(e, name)
		if err != nil {
			return "", err
		}
		if e.Exists(path.Join("/lib/modules", found)) {
			return found, nil
		}
	}
	own, err := versionInside(e, k.Image)
	if err != nil {
		return "", err
	}
	if own != "" && e.Exists(path.Join("/lib/modules", own)) {
		return own, nil
	}
	directories, err := e.List("/lib/modules", "*")
	if err != nil {
		return "", err
	}
	for _, directory := range directories {
		version := path.Base(directory)
		if strings.Contains(path.Base(k.Image), version) || strings.Contains(path.Base(k.Initramfs), version) {
			return version, nil
		}
	}
	switch {
	case own != "":
		return own, nil // it has no modules
	case len(directories) == 1:
		return path.Base(directories[0]), nil
	case len(names) > 0:
		return names[0], nil
	}
	return path.Base(k.Image), nil
}

// versionInside is the version that a kernel for PCs has in its header, or "": the
// kernel's Documentation/arch/x86/boot.rst tells where.
func versionInside(e *edit.Reader, image string) (string, error) {
	head := &beginning{}
	if err := e.Download(image, head); err != nil {
		return "", err
	}
	return versionAtStart(head.data), nil
}

// versionAtStart is the version in the first bytes of a kernel, or "".
func versionAtStart(head []byte) string {
	const magic, pointer = 0x202, 0x20e
	if len(head) < pointer+2 || string(head[magic:magic+4]) != "HdrS" {
		return ""
	}
	at := 0x200 + int(binary.LittleEndian.Uint16(head[pointer:]))
	if at == 0x200 || at >= len(head) {
		return ""
	}
	version, _, _ := strings.Cut(string(head[at:min(at+128, len(head))]), " ")
	version, _, _ = strings.Cut(version, "\x00")
	return version
}

// beginning keeps the first bytes of what is written to it.
type beginning struct{ data []byte }

// maxHeader is where the setup code of a kernel ends at the latest, in bytes.
const maxHeader = 64 << 10

// Write implements io.Writer.
func (b *beginning) Write(p []byte) (int, error) {
	if room := maxHeader - len(b.data); room > 0 {
		b.data = append(b.data, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
