// Package esp finds what UEFI firmware starts on a guest's EFI system partition, and
// gives it a fallback loader where that is nothing.
package esp

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// Partition is the EFI system partition of a guest. Names on it match in any case.
type Partition struct {
	edit  *edit.Editor
	mount string
}

// Of is the partition, where it is mounted at one of its usual places.
func Of(e *edit.Editor) (p Partition, ok bool) {
	for _, mount := range []string{"/boot/efi", "/efi", "/boot"} {
		for _, m := range e.Mounts() {
			if m.Path == mount && (m.FSType == "vfat" || m.FSType == "msdos" || m.FSType == "") {
				return Partition{edit: e, mount: mount}, true
			}
		}
	}
	return Partition{}, false
}

// Mount is the path of the partition in the guest.
func (p Partition) Mount() string { return p.mount }

// Reads reports whether UEFI firmware, and with it systemd-boot, may read a file of the
// guest. It knows FAT alone, unless the partition has drivers for other file systems.
func (p Partition) Reads(file string) bool {
	return strings.HasPrefix(file, p.mount+"/") || p.edit.OnFAT(file) || p.find("EFI", "systemd", "drivers") != ""
}

// find returns the guest path of a file, or "".
func (p Partition) find(names ...string) string {
	at := p.mount
	for _, name := range names {
		entries, err := p.edit.ReadDir(at)
		if err != nil {
			return ""
		}
		i := slices.IndexFunc(entries, func(entry string) bool { return strings.EqualFold(entry, name) })
		if i < 0 {
			return ""
		}
		at = path.Join(at, entries[i])
	}
	return at
}

// vendors are the guest paths of the directories below EFI, one for each loader.
func (p Partition) vendors() ([]string, error) {
	root := p.find("EFI")
	if root == "" {
		return nil, nil
	}
	return p.edit.List(root, "*")
}

// Programs are the guest paths of the EFI programs in the directories of vendors.
func (p Partition) Programs() ([]string, error) {
	vendors, err := p.vendors()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, vendor := range vendors {
		programs, err := p.edit.List(vendor, "*.[eE][fF][iI]")
		if err != nil {
			return nil, err
		}
		found = append(found, programs...)
	}
	return found, nil
}

// companions are the programs beside boot loaders: those with which shim enrols keys and
// reads the vendors' lists, testers of memory, and fwupd.
var companions = regexp.MustCompile(`(?i)^((mm|fb)(x64|ia32|aa64|arm|riscv64|loongarch64)|mokmanager|fallback|(memtest|mt86|fwup).*)\.efi$`)

// Loaders are those Programs that may be boot loaders. One of no bytes is none.
func (p Partition) Loaders() ([]string, error) {
	programs, err := p.Programs()
	return slices.DeleteFunc(programs, func(program string) bool {
		info, err := p.edit.Stat(program)
		return companions.MatchString(path.Base(program)) || err == nil && info.Size == 0
	}), err
}

// HasSystemdBoot reports whether systemd's boot loader is on the partition, by its name
// or as the fallback loader. So does a unified kernel image as that, which needs none.
func (p Partition) HasSystemdBoot() (bool, error) {
	programs, err := p.Loaders()
	if err != nil {
		return false, err
	}
	for _, program := range programs {
		if strings.HasPrefix(strings.ToLower(path.Base(program)), "systemd-boot") {
			return true, nil
		}
		if !inFallbackDirectory(program) {
			continue
		}
		if info, err := p.edit.Stat(program); err != nil || info.Size > edit.MaxText { // such has an initramfs in it
			return err == nil, err
		}
		if text, _, err := p.edit.Read(program); err != nil || strings.Contains(text, ofSystemd) {
			return err == nil, err
		}
	}
	return false, nil
}

// inFallbackDirectory reports whether a program lies in EFI/BOOT.
func inFallbackDirectory(program string) bool {
	return strings.EqualFold(path.Base(path.Dir(program)), "boot")
}
