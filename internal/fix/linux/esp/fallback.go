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
	"i486":    "ia32",
	"i586":    "ia32",
	"i686":    "ia32",
	"riscv64": "riscv64",
}

// FixFallbackLoader copies the guest's own boot loader to where firmware
// without boot entries looks for one, if there is none or one that certainly
// cannot start the guest. A guest that boots by BIOS needs none.
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
	if err := f.fit32(); err != nil {
		return err
	}
	chosen, ok, err := f.choose(os.Distro)
	if err != nil {
		return err
	}
	dead := ""
	if at := f.find("EFI", "BOOT", f.name()); at != "" {
		if dead, err = f.whyDead(at, chosen); err != nil || dead == "" {
			return err
		}
	}
	if !ok {
		if done, err := f.installUnified(dead); done || err != nil {
			return err
		}
		return f.warnOfNone(dead)
	}
	return f.install(chosen, dead)
}

// fallback is the loader that firmware without boot entries starts from a partition.
type fallback struct {
	Partition

	suffix string // one of suffixes
}

// loaders64 are what firmware of 64 bits starts.
var loaders64 = []string{"bootx64.efi", "shimx64.efi", "grubx64.efi", "systemd-bootx64.efi"}

// fit32 takes the loaders of 64 bits for a system of 32 bits that has such, or none:
// firmware of 64 bits started it, which is what a new machine has.
func (f *fallback) fit32() error {
	if f.suffix != "ia32" {
		return nil
	}
	programs, err := f.Programs()
	if err != nil {
		return err
	}
	is64 := func(p string) bool { return slices.Contains(loaders64, strings.ToLower(path.Base(p))) }
	is32 := func(p string) bool { return strings.HasSuffix(strings.ToLower(p), "ia32.efi") }
	if slices.ContainsFunc(programs, is64) || !slices.ContainsFunc(programs, is32) {
		f.suffix = "x64"
		return nil
	}
	f.edit.Warn(report.ConcernFallbackLoader, "the EFI system partition "+f.mount+" has boot loaders for firmware of 32 bits alone: that of the new machine has 64 bits, and finds nothing to start",
		"install one for 64 bits in the guest on its old machine, beside the other (GRUB: grub-install --target=x86_64-efi --removable), and take its disks again; "+
			"or give the new machine firmware of 32 bits, such as that of Debian's package ovmf-ia32")
	return nil
}

// name is that of the loader's file.
func (f fallback) name() string { return "BOOT" + strings.ToUpper(f.suffix) + ".EFI" }

// warnOfNone tells that no loader on the partition can be the fallback loader; dead is
// why the one that is there cannot, or nothing.
func (f fallback) warnOfNone(dead string) error {
	programs, err := f.Loaders()
	if err != nil {
		return err
	}
	programs = slices.DeleteFunc(programs, inFallbackDirectory)
	has := ""
	if len(programs) > 0 {
		has = " (it has " + strings.Join(programs, ", ") + ", which need their own directory)"
	}
	if dead != "" {
		dead = "EFI/BOOT/" + f.name() + " " + dead + ", and "
	}
	f.edit.Warn(report.ConcernFallbackLoader, dead+"the EFI system partition "+f.mount+" has no boot loader that could be the fallback loader"+has,
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
	grub   bool              // it is GRUB, or starts it
	shim   shim              // the names that start knows, where that is shim
}

// shim has the names by which shim, a loader that is signed, knows what is in its own
// directory.
type shim struct {
	name, second, manager string
	// fallback is a program that it prefers to its second stage where it is in EFI/BOOT.
	fallback string
}

// shims are as most vendors name them, and as SUSE does.
func (f fallback) shims() []shim {
	return []shim{
		{f.ofArch("shim"), f.ofArch("grub"), f.ofArch("mm"), f.ofArch("fb")},
		{"shim.efi", "grub.efi", "MokManager.efi", "fallback.efi"},
	}
}

// ofArch is the name of the architecture's program.
func (f fallback) ofArch(name string) string { return name + f.suffix + ".efi" }

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
	l = loader{vendor: vendor, beside: map[string]string{}, config: find("grub.cfg"), grub: true}
	for _, s := range f.shims() {
		if find(s.name) == "" || find(s.second) == "" {
			continue
		}
		l.start, l.shim = find(s.name), s
		for _, name := range []string{s.second, s.manager} {
			if file := find(name); file != "" {
				l.beside[name] = file
			}
		}
		return l, true
	}
	if l.start = find(f.ofArch("grub")); l.start != "" {
		return l, true
	}
	l.start, l.config, l.grub = find(f.ofArch("systemd-boot")), "", false
	return l, l.start != ""
}

// install copies the loader; dead is why the one that is there starts nothing, or
// nothing. GRUB looks for its configuration in the directory that it was built for; a
// build without one looks beside itself, where a stub leads it to the vendor's.
func (f fallback) install(l loader, dead string) error {
	for _, name := range slices.Sorted(maps.Keys(l.beside)) {
		if err := copyProgram(f.edit, l.beside[name], f.place(name), ""); err != nil {
			return err
		}
	}
	if err := f.removeStray(l.shim); err != nil {
		return err
	}
	if l.config != "" && f.find("EFI", "BOOT", "grub.cfg") == "" {
		stub := fmt.Sprintf("set prefix=($root)/EFI/%s\nconfigfile $prefix/grub.cfg\n", l.vendor)
		if err := f.edit.Write(f.place("grub.cfg"), stub, 0o644, "lead the fallback loader to the guest's GRUB configuration"); err != nil {
			return err
		}
	}
	if dead != "" {
		dead = ": what was there " + dead
	}
	// Last, so that a loader which is there is complete.
	return copyProgram(f.edit, l.start, f.place(f.name()), dead)
}

// place is the path of a file in the fallback loader's directory, there or not.
func (f fallback) place(name string) string {
	if at := f.find("EFI", "BOOT", name); at != "" {
		return at
	}
	directory := f.find("EFI", "BOOT")
	if directory == "" {
		directory = path.Join(f.find("EFI"), "BOOT")
	}
	return path.Join(directory, name)
}

// removeStray removes what shim prefers to its second stage, where that has nothing to
// go on to.
func (f fallback) removeStray(s shim) error {
	at := f.find("EFI", "BOOT", s.fallback)
	if s.fallback == "" || at == "" {
		return nil
	}
	if listed, err := f.hasList(); err != nil || listed {
		return err
	}
	return f.edit.Remove(at, "have shim start the boot loader beside it: "+s.fallback+" finds no list of boot loaders")
}

// maxLoader is a size in bytes that no boot loader has.
const maxLoader = 64 << 20

// isProgram reports whether a file may be an EFI program.
func isProgram(data []byte) bool { return bytes.HasPrefix(data, []byte("MZ")) }

// copyProgram copies an EFI program. What else lay there is kept with the originals.
func copyProgram(e *edit.Editor, from, to, why string) error {
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
	if !isProgram(data) {
		return fmt.Errorf("%s in the guest is no EFI program: its file system may be damaged", from)
	}
	return e.WriteBinary(to, data, 0o644, "install "+path.Base(from)+" where firmware without boot entries looks for a loader"+why)
}
