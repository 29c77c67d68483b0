package bootloader

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// A machine's list of boot entries lives in its firmware and does not come
// along with its disks. UEFI firmware without entries starts the fallback
// loader, EFI/BOOT/BOOTX64.EFI, and nothing else.

// efiArch is how an architecture's loaders are named.
type efiArch struct{ suffix string } // "x64": BOOTX64.EFI, grubx64.efi, shimx64.efi

var efiArches = map[string]efiArch{
	"":        {"x64"}, // not known: what nearly every UEFI guest is
	"x86_64":  {"x64"},
	"amd64":   {"x64"},
	"aarch64": {"aa64"},
	"arm64":   {"aa64"},
	"i386":    {"ia32"},
	"i686":    {"ia32"},
	"riscv64": {"riscv64"},
}

// FixFallbackLoader copies the guest's own boot loader to where firmware
// without boot entries looks for one, if there is none. A guest that boots by
// BIOS needs none.
func FixFallbackLoader(e *edit.Editor, os guest.OS, firmware string) error {
	if firmware != guest.FirmwareUEFI {
		return nil
	}
	arch, ok := efiArches[os.Arch]
	esp := findESP(e.Mounts())
	if esp == "" {
		e.Warn(report.ConcernFallbackLoader, "the guest boots by UEFI, and its EFI system partition was not found: a fallback loader could not be ensured, and the firmware may find nothing to start",
			"check that the EFI system partition is on the migrated disks and in the guest's /etc/fstab, and start the image before the old machine is given up")
		return nil
	}
	if !ok {
		e.Warn(report.ConcernFallbackLoader, "the guest boots by UEFI, and no boot loader is known for its architecture ("+os.Arch+"): a fallback loader could not be ensured",
			"if the firmware finds nothing to boot, choose the loader by hand in its menu")
		return nil
	}
	t := efiTree{edit: e, esp: esp, arch: arch}
	if t.find("EFI", "BOOT", "BOOT"+arch.suffix+".EFI") != "" {
		return nil
	}
	loader, err := t.chooseLoader(os.Distro)
	if err != nil {
		return err
	}
	if loader == nil {
		has := ""
		programs, err := t.programs()
		if err != nil {
			return err
		}
		if len(programs) > 0 {
			has = " (it has " + strings.Join(programs, ", ") + ", which need their own directory)"
		}
		e.Warn(report.ConcernFallbackLoader, "the EFI system partition "+esp+" has no boot loader that could be the fallback loader"+has,
			"install one in the guest as EFI/BOOT/BOOT"+strings.ToUpper(arch.suffix)+".EFI"+installOf(programs)+": firmware without boot entries finds nothing to boot")
		return nil
	}
	return t.install(*loader)
}

// findESP returns where the EFI system partition is mounted.
func findESP(mounts []guest.Mount) string {
	for _, mount := range []string{"/boot/efi", "/efi", "/boot"} {
		for _, m := range mounts {
			if m.Path == mount && (m.FSType == "vfat" || m.FSType == "msdos" || m.FSType == "") {
				return mount
			}
		}
	}
	return ""
}

// efiTree is an EFI system partition. Names on it match in any case.
type efiTree struct {
	edit *edit.Editor
	esp  string
	arch efiArch
}

// find returns the guest path of a file, or "".
func (t efiTree) find(names ...string) string {
	at := t.esp
	for _, name := range names {
		entries, err := t.edit.ReadDir(at)
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

// programs lists the EFI programs in the directories of vendors.
func (t efiTree) programs() ([]string, error) {
	root := t.find("EFI")
	if root == "" {
		return nil, nil
	}
	directories, err := t.edit.List(root, "*")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, directory := range directories {
		programs, err := t.edit.List(directory, "*.[eE][fF][iI]")
		if err != nil {
			return nil, err
		}
		found = append(found, programs...)
	}
	return found, nil
}

// ownDirectory are loaders that start from the directory that they were installed
// in, by what the names of their programs begin with.
var ownDirectory = []struct {
	program string
	loader  menu.Loader
}{{"refind", menu.REFInd}, {"elilo", menu.ELILO}, {"limine", menu.Limine}}

// installOf says how the loader of the programs comes to where firmware looks for
// one; nothing where they are of none that is known.
func installOf(programs []string) string {
	for _, known := range ownDirectory {
		if slices.ContainsFunc(programs, func(p string) bool { return strings.HasPrefix(strings.ToLower(path.Base(p)), known.program) }) {
			return " (" + advices[known.loader].install + ")"
		}
	}
	return ""
}

// requireProgram refuses a guest on whose EFI system partition firmware finds nothing
// that it could start.
func (c *Configuration) requireProgram(menus []menu.Menu) error {
	esp := findESP(c.edit.Mounts())
	if c.firmware != guest.FirmwareUEFI || esp == "" {
		return nil
	}
	programs, err := efiTree{edit: c.edit, esp: esp}.programs()
	if err != nil || len(programs) > 0 {
		return err
	}
	return remedy.With(fmt.Errorf("the EFI system partition (%s) has no EFI program: the firmware finds nothing to start", esp),
		"install the boot loader in the guest on its old machine ("+advise(menus, toInstall)+"), and take its disks again")
}

// efiLoader is a boot loader in its vendor's directory.
type efiLoader struct {
	directory string // base name: "debian"
	start     string // path of what firmware has to start: shim, else GRUB, else systemd-boot
	beside    map[string]string
	config    string // path of GRUB's configuration, or ""
}

// chooseLoader picks the loader of the guest's own distribution before others.
func (t efiTree) chooseLoader(distro string) (*efiLoader, error) {
	root := t.find("EFI")
	if root == "" {
		return nil, nil
	}
	directories, err := t.edit.List(root, "*")
	if err != nil {
		return nil, err
	}
	distro = strings.ToLower(distro)
	slices.SortStableFunc(directories, func(a, b string) int {
		return rank(path.Base(a), distro) - rank(path.Base(b), distro)
	})
	for _, directory := range directories {
		if loader := t.loaderIn(path.Base(directory)); loader != nil {
			return loader, nil
		}
	}
	return nil, nil
}

// rank puts the directory of the guest's distribution first and systemd-boot,
// which may be a left-over beside GRUB, last.
func rank(directory, distro string) int {
	directory = strings.ToLower(directory)
	switch {
	case distro != "" && (directory == distro || distro == "rhel" && directory == "redhat"):
		return 0
	case directory == "systemd":
		return 2
	}
	return 1
}

func (t efiTree) loaderIn(directory string) *efiLoader {
	find := func(name string) string { return t.find("EFI", directory, name+t.arch.suffix+".efi") }
	if strings.EqualFold(directory, "boot") {
		return nil
	}
	loader := &efiLoader{directory: directory, beside: map[string]string{}, config: t.find("EFI", directory, "grub.cfg")}
	grub := find("grub")
	switch shim := find("shim"); {
	case shim != "" && grub != "":
		// shim starts its second stage, and MokManager, from its own directory.
		loader.start = shim
		loader.beside["grub"+t.arch.suffix+".efi"] = grub
		if manager := find("mm"); manager != "" {
			loader.beside["mm"+t.arch.suffix+".efi"] = manager
		}
	case t.find("EFI", directory, "shim.efi") != "" && t.find("EFI", directory, "grub.efi") != "":
		// SUSE's names, which its shim knows.
		loader.start = t.find("EFI", directory, "shim.efi")
		for _, name := range []string{"grub.efi", "MokManager.efi"} {
			if file := t.find("EFI", directory, name); file != "" {
				loader.beside[name] = file
			}
		}
	case grub != "":
		loader.start = grub
	case find("systemd-boot") != "":
		loader.start = find("systemd-boot")
		loader.config = ""
	default:
		return nil
	}
	return loader
}

// install copies the loader. GRUB looks for its configuration in the directory
// that it was built for; a build without one looks beside itself, where a stub
// leads it to the vendor's.
func (t efiTree) install(loader efiLoader) error {
	directory := t.find("EFI", "BOOT")
	if directory == "" {
		directory = path.Join(t.find("EFI"), "BOOT")
	}
	beside := make([]string, 0, len(loader.beside))
	for name := range loader.beside {
		beside = append(beside, name)
	}
	slices.Sort(beside)
	for _, name := range beside {
		if err := t.copy(loader.beside[name], path.Join(directory, name)); err != nil {
			return err
		}
	}
	if loader.config != "" && t.find("EFI", "BOOT", "grub.cfg") == "" {
		stub := fmt.Sprintf("set prefix=($root)/EFI/%s\nconfigfile $prefix/grub.cfg\n", loader.directory)
		if err := t.edit.Write(path.Join(directory, "grub.cfg"), stub, 0o644, "lead the fallback loader to the guest's GRUB configuration"); err != nil {
			return err
		}
	}
	// Last, so that a loader which is there is complete.
	return t.copy(loader.start, path.Join(directory, "BOOT"+strings.ToUpper(t.arch.suffix)+".EFI"))
}

// maxLoader is a size in bytes that no boot loader has.
const maxLoader = 64 << 20

func (t efiTree) copy(from, to string) error {
	info, err := t.edit.Stat(from)
	if err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", from, err)
	}
	if info.Size > maxLoader {
		return fmt.Errorf("%s in the guest has %d bytes and is no boot loader", from, info.Size)
	}
	data, err := t.edit.ReadFile(from)
	if err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", from, err)
	}
	if !bytes.HasPrefix(data, []byte("MZ")) {
		return fmt.Errorf("%s in the guest is no EFI program: its file system may be damaged", from)
	}
	if t.edit.Exists(to) {
		return nil
	}
	return t.edit.WriteBinary(to, data, 0o644, "install "+path.Base(from)+" where firmware without boot entries looks for a loader")
}
