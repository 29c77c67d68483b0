package esp

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// A machine's list of boot entries lives in its firmware and does not come
// along with its disks. UEFI firmware without entries starts the fallback
// loader, EFI/BOOT/BOOTX64.EFI, and nothing else.

// suffixes are how the loaders of an architecture are named: "x64" for BOOTX64.EFI,
// grubx64.efi and shimx64.efi.
var suffixes = map[string]string{
	"":        "x64", // not known: what nearly every UEFI guest is
	"x86_64":  "x64",
	"amd64":   "x64",
	"aarch64": "aa64",
	"arm64":   "aa64",
	"i386":    "ia32",
	"i686":    "ia32",
	"riscv64": "riscv64",
}

// FixFallbackLoader copies the guest's own boot loader to where firmware
// without boot entries looks for one, if there is none. A guest that boots by
// BIOS needs none.
func FixFallbackLoader(e *edit.Editor, os guest.OS, firmware string) error {
	if firmware != guest.FirmwareUEFI {
		return nil
	}
	partition, found := Of(e)
	if !found {
		e.Warn(report.ConcernFallbackLoader, "the guest boots by UEFI, and its EFI system partition was not found: a fallback loader could not be ensured, and the firmware may find nothing to start",
			"check that the EFI system partition is on the migrated disks and in the guest's /etc/fstab, and start the image before the old machine is given up")
		return nil
	}
	suffix, known := suffixes[os.Arch]
	if !known {
		e.Warn(report.ConcernFallbackLoader, "the guest boots by UEFI, and no boot loader is known for its architecture ("+os.Arch+"): a fallback loader could not be ensured",
			"if the firmware finds nothing to boot, choose the loader by hand in its menu")
		return nil
	}
	f := fallback{Partition: partition, suffix: suffix}
	if f.find("EFI", "BOOT", f.name()) != "" {
		return nil
	}
	chosen, ok, err := f.choose(os.Distro)
	switch {
	case err != nil:
		return err
	case !ok:
		return f.warnOfNone()
	}
	return f.install(chosen)
}

// fallback is the loader that firmware without boot entries starts from a partition.
type fallback struct {
	Partition

	suffix string // one of suffixes
}

// name is that of the loader's file.
func (f fallback) name() string { return "BOOT" + strings.ToUpper(f.suffix) + ".EFI" }

// warnOfNone tells that no loader on the partition can be the fallback loader.
func (f fallback) warnOfNone() error {
	programs, err := f.Programs()
	if err != nil {
		return err
	}
	has := ""
	if len(programs) > 0 {
		has = " (it has " + strings.Join(programs, ", ") + ", which need their own directory)"
	}
	f.edit.Warn(report.ConcernFallbackLoader, "the EFI system partition "+f.mount+" has no boot loader that could be the fallback loader"+has,
		"install one in the guest as EFI/BOOT/"+f.name()+installOf(programs)+": firmware without boot entries finds nothing to boot")
	return nil
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
			return " (" + known.loader.Advice().Install + ")"
		}
	}
	return ""
}

// loader is a boot loader in its vendor's directory.
type loader struct {
	vendor string            // base name of the directory: "debian"
	start  string            // path of what firmware has to start: shim, else GRUB, else systemd-boot
	beside map[string]string // paths of what that needs beside itself, by the names that it looks for
	config string            // path of GRUB's configuration, or ""
}

// choose picks the loader of the guest's own distribution before others. ok is false
// where there is none that starts from another directory.
func (f fallback) choose(distro string) (chosen loader, ok bool, err error) {
	vendors, err := f.vendors()
	if err != nil {
		return loader{}, false, err
	}
	distro = strings.ToLower(distro)
	slices.SortStableFunc(vendors, func(a, b string) int {
		return rank(path.Base(a), distro) - rank(path.Base(b), distro)
	})
	for _, vendor := range vendors {
		if chosen, ok := f.loaderOf(path.Base(vendor)); ok {
			return chosen, true, nil
		}
	}
	return loader{}, false, nil
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

// loaderOf is the loader in a vendor's directory; ok is false where none is known.
func (f fallback) loaderOf(vendor string) (l loader, ok bool) {
	if strings.EqualFold(vendor, "boot") {
		return loader{}, false
	}
	find := func(name string) string { return f.find("EFI", vendor, name) }
	ofArch := func(name string) string { return name + f.suffix + ".efi" }
	l = loader{vendor: vendor, beside: map[string]string{}, config: find("grub.cfg")}
	shim, grub := find(ofArch("shim")), find(ofArch("grub"))
	var beside []string
	switch {
	case shim != "" && grub != "":
		// shim starts its second stage, and MokManager, from its own directory.
		l.start, beside = shim, []string{ofArch("grub"), ofArch("mm")}
	case find("shim.efi") != "" && find("grub.efi") != "":
		// SUSE's names, which its shim knows.
		l.start, beside = find("shim.efi"), []string{"grub.efi", "MokManager.efi"}
	case grub != "":
		l.start = grub
	case find(ofArch("systemd-boot")) != "":
		l.start, l.config = find(ofArch("systemd-boot")), ""
	default:
		return loader{}, false
	}
	for _, name := range beside {
		if file := find(name); file != "" {
			l.beside[name] = file
		}
	}
	return l, true
}

// install copies the loader. GRUB looks for its configuration in the directory
// that it was built for; a build without one looks beside itself, where a stub
// leads it to the vendor's.
func (f fallback) install(l loader) error {
	directory := f.find("EFI", "BOOT")
	if directory == "" {
		directory = path.Join(f.find("EFI"), "BOOT")
	}
	for _, name := range slices.Sorted(maps.Keys(l.beside)) {
		if err := copyProgram(f.edit, l.beside[name], path.Join(directory, name)); err != nil {
			return err
		}
	}
	if l.config != "" && f.find("EFI", "BOOT", "grub.cfg") == "" {
		stub := fmt.Sprintf("set prefix=($root)/EFI/%s\nconfigfile $prefix/grub.cfg\n", l.vendor)
		if err := f.edit.Write(path.Join(directory, "grub.cfg"), stub, 0o644, "lead the fallback loader to the guest's GRUB configuration"); err != nil {
			return err
		}
	}
	// Last, so that a loader which is there is complete.
	return copyProgram(f.edit, l.start, path.Join(directory, f.name()))
}

// maxLoader is a size in bytes that no boot loader has.
const maxLoader = 64 << 20

// copyProgram copies an EFI program to a path where there is none.
func copyProgram(e *edit.Editor, from, to string) error {
	info, err := e.Stat(from)
	if err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", from, err)
	}
	if info.Size > maxLoader {
		return fmt.Errorf("%s in the guest has %d bytes and is no boot loader", from, info.Size)
	}
	data, err := e.ReadFile(from)
	if err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", from, err)
	}
	if !bytes.HasPrefix(data, []byte("MZ")) {
		return fmt.Errorf("%s in the guest is no EFI program: its file system may be damaged", from)
	}
	if e.Exists(to) {
		return nil
	}
	return e.WriteBinary(to, data, 0o644, "install "+path.Base(from)+" where firmware without boot entries looks for a loader")
}
