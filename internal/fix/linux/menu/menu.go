// Package menu reads what each boot loader of a guest offers to start, and what it
// starts by itself. It changes nothing.
package menu

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Loader is a kind of boot loader.
type Loader string

// The boot loaders whose menus are read.
const (
	GRUB          Loader = "GRUB"
	GRUBLegacy    Loader = "GRUB Legacy"
	LoaderEntries Loader = "systemd-boot" // entries of the Boot Loader Specification
	Unified       Loader = "unified kernel image"
	Syslinux      Loader = "syslinux"
	LILO          Loader = "LILO"
	ELILO         Loader = "ELILO"
	REFInd        Loader = "rEFInd"
	Limine        Loader = "Limine"
)

// Menu is what one boot loader shows.
type Menu struct {
	Loader  Loader
	File    string // the guest path of the file that it begins with
	Entries []Entry
	// Default is the index in Entries of what is started by itself, and Fallback
	// of what is started where that fails. -1 is what is not known, or no kernel.
	Default  int
	Fallback int
	// Wanted is what GRUB's menu gives as its default: a number, a title or an id, or
	// a path of these; or nothing.
	Wanted string
	// DefaultTitle is what Default is called, also where that is no kernel.
	DefaultTitle string
	// Idle says why Default, which is no kernel, starts nothing at all, for certain; or
	// nothing, as where it starts another system.
	Idle string
	// Ends says what the menu's file does before it shows a menu: "it halts the
	// machine"; or nothing.
	Ends string
	// Unclear says why the menu may have more entries than are known; or nothing.
	Unclear string
	// Broken is what the menu leads to and does not find.
	Broken []string
	// read are the files that it was read from.
	read []string
}

// Reads reports whether a file is part of the menu.
func (m Menu) Reads(file string) bool { return slices.Contains(m.read, file) }

// Files are those that the menu was read from.
func (m Menu) Files() []string { return slices.Clone(m.read) }

// Entry is a choice of a menu that starts a kernel.
type Entry struct {
	File      string // where it is written
	Title     string
	ID        string
	Choice    string // how the menu's default names it; or nothing
	Kernel    File
	Initramfs []File // those that hold a system; processor microcode is left out
	// Parameters are the kernel's, one by one.
	Parameters []string
	// Unclear says why it is not known what the entry starts; or nothing.
	Unclear string
	// NativeDisk is what GRUB's own driver calls the disk that the entry reads: ahci0,
	// which a virtio disk never is; or nothing.
	NativeDisk string
	// Unified is set for an image that has its initramfs and its parameters in it:
	// UnifiedCmdline reads these.
	Unified bool
	// Version is what a loader entry says of the kernel; or nothing.
	Version string
}

// Name is how people know the entry.
func (e Entry) Name() string {
	switch {
	case e.Title != "":
		return `entry "` + e.Title + `"`
	case e.ID != "":
		return `entry "` + e.ID + `"`
	}
	return "the entry"
}

// Parameter is the last value of a kernel parameter; ok is false where it is not
// given.
func (e Entry) Parameter(name string) (value string, ok bool) {
	for _, p := range e.Parameters {
		if key, v, given := strings.Cut(p, "="); given && key == name {
			value, ok = v, true
		}
	}
	return value, ok
}

// State says whether a file that a menu names is there.
type State int

// The states of files. What nobody can tell is Unknown.
const (
	Unknown State = iota
	Found
	Missing
)

// File is a file that a menu names.
type File struct {
	Name  string // as in the menu
	Path  string // in the guest, where it is Found
	State State
	// Absent is what GRUB calls the disk or partition that it would be on, where it is
	// Missing because the guest has none that could be it; or nothing.
	Absent string
}

// reader reads the menus of one guest.
type reader struct {
	edit     *edit.Reader
	finder   *finder // of the files that the menus name
	firmware string  // "bios", "uefi", or "" where it is not known
}

// Read reads the menus that the firmware's loaders may show, "" standing for any
// firmware, in the order in which they are looked for. The devices may be nil: less
// is then known of where files lie.
func Read(e *edit.Reader, devices guest.Devices, firmware string) ([]Menu, error) {
	r := &reader{edit: e, finder: &finder{edit: e, devices: devices}, firmware: firmware}
	var menus []Menu
	for _, read := range []func() ([]Menu, error){
		r.grubMenus, r.legacyMenus, r.loaderMenus, r.unifiedMenus, r.syslinuxMenus, r.otherMenus,
	} {
		found, err := read()
		if err != nil {
			return nil, err
		}
		menus = append(menus, found...)
	}
	return menus, nil
}

// only keeps menus of a kind that one firmware alone starts.
func (r *reader) only(firmware string) bool { return r.firmware == "" || r.firmware == firmware }

// espDirectories are the directories of vendors on the EFI system partition, where
// it is mounted at one of its usual places.
func (r *reader) espDirectories() ([]string, error) {
	var found []string
	for _, vendors := range bootfile.Vendors {
		directories, err := r.edit.List(path.Dir(vendors), "*")
		if err != nil {
			return nil, err
		}
		found = append(found, directories...)
	}
	return found, nil
}

// firstOf reads the first of some files that is there.
func (r *reader) firstOf(files ...string) (file, text string, err error) {
	for _, file := range files {
		text, ok, err := r.edit.Read(file)
		if err != nil || ok {
			return file, text, err
		}
	}
	return "", "", nil
}

// isMicrocode reports whether an image holds code for processors and no system.
func isMicrocode(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.Contains(base, "ucode") || strings.Contains(base, "microcode")
}
