package menu

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// OpenUnified reads the headers of a unified kernel image of the guest. The file, which
// the caller closes, has a copy of it.
func OpenUnified(e *edit.Reader, name string) (image *unifiedimage.Image, file *os.File, err error) {
	if file, err = e.ScratchFile(); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
		}
	}()
	if err := e.Download(name, file); err != nil {
		return nil, nil, fmt.Errorf("cannot read %s in the guest: %w", name, err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	image, err = unifiedimage.Open(file, info.Size())
	return image, file, err
}

// UnifiedCmdline are the parameters that the kernel of a unified kernel image gets.
func UnifiedCmdline(e *edit.Reader, name string) (string, error) {
	image, file, err := OpenUnified(e, name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	return image.Text(unifiedimage.Cmdline)
}

// UnifiedImages finds the unified kernel images of a guest: what firmware without boot
// entries starts, where that is one, and those in the directory EFI/Linux of the EFI
// system partition.
func UnifiedImages(e *edit.Reader) ([]string, error) {
	var started, found []string
	for _, vendors := range bootfile.Vendors {
		directories, err := e.List(path.Dir(vendors), "*")
		if err != nil {
			return nil, err
		}
		for _, directory := range directories {
			programs, err := e.List(directory, "*.[eE][fF][iI]")
			if err != nil {
				return nil, err
			}
			switch strings.ToLower(path.Base(directory)) {
			case "boot":
				for _, program := range programs {
					if isStartedUnified(e, program) {
						started = append(started, program)
					}
				}
			case "linux":
				found = append(found, programs...)
			}
		}
	}
	return append(started, found...), nil
}

// smallestUnified is a size in bytes that no boot loader has, and every kernel with an
// initramfs.
const smallestUnified = 8 << 20

// isStartedUnified reports whether a program in EFI/BOOT is a unified kernel image that
// firmware starts.
func isStartedUnified(e *edit.Reader, program string) bool {
	if info, err := e.Stat(program); err != nil || info.Size < smallestUnified || !isFallback(program) {
		return false
	}
	image, file, err := OpenUnified(e, program)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	_, ok, err := image.Section(unifiedimage.Kernel)
	return ok && err == nil
}

// isFallback reports whether firmware without boot entries starts a program, if it is one
// for its processor.
func isFallback(program string) bool {
	return strings.EqualFold(path.Base(path.Dir(program)), "boot") && strings.HasPrefix(strings.ToLower(path.Base(program)), "boot")
}

func unifiedEntries(images []string) []Entry {
	var entries []Entry
	for _, image := range images {
		entries = append(entries, Entry{File: image, Title: path.Base(image), Kernel: File{Name: image, Path: image, State: Found}, Unified: true})
	}
	return entries
}

// unifiedMenus lists the unified kernel images, which the firmware or systemd-boot
// starts.
func (r *reader) unifiedMenus() ([]Menu, error) {
	if !r.only(guest.FirmwareUEFI) {
		return nil, nil
	}
	images, err := UnifiedImages(r.edit)
	if err != nil || len(images) == 0 {
		return nil, err
	}
	m := Menu{Loader: Unified, File: path.Dir(images[0]), Entries: unifiedEntries(images), Default: -1, Fallback: -1}
	if isFallback(images[0]) {
		m.Default, m.DefaultTitle = 0, m.Entries[0].Title
		return []Menu{m}, nil
	}
	defaults, read, err := r.loaderDefaults()
	if err != nil {
		return nil, err
	}
	m.read = read
	named, err := r.namedImages(defaults)
	if err != nil {
		return nil, err
	}
	var first string
	if len(named) > 0 {
		first = named[0]
	} else if first, err = r.unnamedImage(defaults); err != nil {
		return nil, err
	}
	if i := slices.Index(images, first); i >= 0 {
		m.Default, m.DefaultTitle = i, m.Entries[i].Title
	}
	return []Menu{m}, nil
}

// namedImages are the images that a setting of systemd-boot names as its default: the
// last one that matches any.
func (r *reader) namedImages(defaults []string) (named []string, err error) {
	images, err := UnifiedImages(r.edit)
	if err != nil {
		return nil, err
	}
	for _, pattern := range defaults {
		matching := slices.DeleteFunc(slices.Clone(images), func(image string) bool { return !MatchesDefault(pattern, path.Base(image)) })
		if len(matching) > 0 {
			named = matching
		}
	}
	return named, nil
}

// unnamedImage is the image that systemd-boot starts where its settings name none; or
// nothing, where it starts an entry.
func (r *reader) unnamedImage(defaults []string) (string, error) {
	menus, err := r.loaderMenus()
	if err != nil || slices.ContainsFunc(menus, func(m Menu) bool { return m.Default >= 0 || m.DefaultTitle != "" }) {
		return "", err
	}
	for _, pattern := range defaults {
		if slices.ContainsFunc(ownEntries, func(id string) bool { return MatchesDefault(pattern, id) }) {
			return "", nil
		}
	}
	return r.firstOfLoader()
}
