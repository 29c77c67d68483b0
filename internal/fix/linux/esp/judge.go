package esp

import (
	"bytes"
	"debug/pe"
	"fmt"
	"path"
	"strings"
)

// machines are the processors in the headers of EFI programs, by suffixes.
var machines = map[string]uint16{
	"x64": pe.IMAGE_FILE_MACHINE_AMD64, "ia32": pe.IMAGE_FILE_MACHINE_I386,
	"aa64": pe.IMAGE_FILE_MACHINE_ARM64, "riscv64": pe.IMAGE_FILE_MACHINE_RISCV64,
}

// What systemd's boot loader, and its stub of unified kernel images, say of themselves.
const (
	ofSystemd   = "#### LoaderInfo: systemd-"
	systemdBoot = ofSystemd + "boot"
)

// whyDead says why the fallback loader at a guest path certainly does not start the
// guest, as a clause without a subject; or nothing. What nobody can tell is trusted.
func (f fallback) whyDead(at string, chosen loader) (string, error) {
	info, err := f.edit.Stat(at)
	if err != nil {
		return "", fmt.Errorf("cannot read %s in the guest: %w", at, err)
	}
	if info.Size > maxLoader {
		return "", nil // a kernel with its initramfs
	}
	program, err := f.edit.ReadFile(at)
	if err != nil {
		return "", fmt.Errorf("cannot read %s in the guest: %w", at, err)
	}
	if !isProgram(program) {
		return "is no EFI program", nil
	}
	if file, err := pe.NewFile(bytes.NewReader(program)); err == nil && file.Machine != machines[f.suffix] {
		return "is for another processor than the guest's", nil
	}
	if same, err := f.equals(program, f.find("EFI", "Microsoft", "Boot", "bootmgfw.efi")); err != nil || same {
		return "starts Windows", err
	}
	if bytes.Contains(program, []byte(systemdBoot)) {
		return f.whyIdle(chosen)
	}
	s, ok, err := f.shimOf(program)
	if err != nil || !ok {
		return "", err
	}
	return f.whyAlone(s)
}

// equals reports whether a file of the guest, which need not be there, has the content.
func (f fallback) equals(content []byte, name string) (bool, error) {
	if name == "" {
		return false, nil
	}
	if info, err := f.edit.Stat(name); err != nil || info.Size != int64(len(content)) {
		return false, err
	}
	data, err := f.edit.ReadFile(name)
	return bytes.Equal(data, content), err
}

// whyIdle says why systemd-boot has nothing to start where chosen, GRUB, has; or
// nothing. A guest without GRUB's directory may have its entries on a partition that is
// not mounted.
func (f fallback) whyIdle(chosen loader) (string, error) {
	if !chosen.grub || !f.edit.Exists("/boot/grub") && !f.edit.Exists("/boot/grub2") {
		return "", nil
	}
	for _, top := range []string{f.mount, "/boot"} { // it may have a partition beside the EFI system partition
		for _, entries := range []string{"loader/entries/*.conf", "EFI/Linux/*.[eE][fF][iI]"} {
			found, err := f.edit.Find(path.Join(top, entries))
			if err != nil || len(found) > 0 && f.Reads(found[0]) {
				return "", err
			}
		}
	}
	return "is systemd-boot, which has no entry", nil
}

// shimOf tells which of the vendors' shims a program is.
func (f fallback) shimOf(program []byte) (s shim, ok bool, err error) {
	vendors, err := f.vendors()
	if err != nil {
		return shim{}, false, err
	}
	for _, vendor := range vendors {
		for _, s := range f.shims() {
			if strings.EqualFold(path.Base(vendor), "boot") {
				continue
			}
			if same, err := f.equals(program, f.find("EFI", path.Base(vendor), s.name)); err != nil || same {
				return s, same, err
			}
		}
	}
	return shim{}, false, nil
}

// whyAlone says why shim finds nothing to go on to in EFI/BOOT; or nothing. There it
// prefers the program that reads the vendors' lists of loaders to its second stage, and
// does not come back to that.
func (f fallback) whyAlone(s shim) (string, error) {
	prefers := false
	var seconds []string
	for _, known := range f.shims() {
		prefers = prefers || f.find("EFI", "BOOT", known.fallback) != ""
		seconds = append(seconds, known.second)
	}
	listed, err := f.hasList()
	switch {
	case err != nil || prefers && listed:
		return "", err
	case f.find("EFI", "BOOT", s.fallback) != "":
		return "is shim, which goes on to " + s.fallback + ", which finds no list of boot loaders", nil
	}
	for _, second := range seconds {
		at := f.find("EFI", "BOOT", second)
		if at == "" {
			continue
		}
		if program, err := f.edit.ReadFile(at); err != nil || isProgram(program) {
			return "", err
		}
	}
	return "is shim, which finds no " + s.second + " beside it", nil
}

// hasList reports whether a vendor has a list of its loaders, BOOTX64.CSV or BOOT.CSV.
func (f fallback) hasList() (bool, error) {
	vendors, err := f.vendors()
	if err != nil {
		return false, err
	}
	for _, vendor := range vendors {
		lists, err := f.edit.List(vendor, "[bB][oO][oO][tT]*.[cC][sS][vV]")
		if err != nil || len(lists) > 0 {
			return true, err
		}
	}
	return false, nil
}
