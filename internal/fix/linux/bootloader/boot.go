// Package bootloader gives what a guest boots with, and what that is made from
// later, device names that hold on any machine.
package bootloader

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// bootFile is a kind of configuration file that names devices, and how it is
// edited.
type bootFile struct {
	directory string
	pattern   string // of base names, as path.Match has it
	edit      func(text string, s bootScope) (string, []finding)
	// entry is set if a boot loader or kernel reads the file at boot: a stale
	// root= in it keeps the guest from booting. The others only shape what the
	// guest's tools write later.
	entry       bool
	description string
}

const (
	toKernel     = "use stable names in kernel parameters"
	toLaterFiles = "use stable names in what later boot configuration is made from"
)

// bootFiles are edited in this order, what others are made from first.
var bootFiles = []bootFile{
	{"/etc/default", "grub", editGrubDefault, false, toLaterFiles},
	{"/etc/default/grub.d", "*.cfg", editGrubDefault, false, toLaterFiles},
	{"/etc/grub.d", "4[01]_custom", editGrubConfig, false, toLaterFiles},
	{"/etc/sysconfig", "bootloader", editBootloaderSysconfig, false, toLaterFiles},
	{"/etc", "update-extlinux.conf", editUpdateExtlinux, false, toLaterFiles},
	{"/etc/kernel", "cmdline", editPlainCmdline, false, toLaterFiles},
	{"/etc/cmdline.d", "*.conf", editPlainCmdline, false, toLaterFiles},
	{"/boot/grub2", "grubenv", editGrubenv, true, toKernel},
	{"/boot/grub", "grubenv", editGrubenv, true, toKernel},
	{"/boot/efi/EFI/*", "grubenv", editGrubenv, true, toKernel},
	{"/boot/grub2", "*.cfg", editGrubConfig, true, toKernel},
	{"/boot/grub", "*.cfg", editGrubConfig, true, toKernel},
	{"/boot/efi/EFI/*", "*.cfg", editGrubConfig, true, toKernel},
	{"/efi/EFI/*", "*.cfg", editGrubConfig, true, toKernel},
	{"/boot/EFI/*", "*.cfg", editGrubConfig, true, toKernel},
	{"/boot/grub", "menu.lst", editGrubLegacy, true, toKernel},
	{"/boot/grub", "grub.conf", editGrubLegacy, true, toKernel},
	{"/boot/efi/EFI/*", "grub.conf", editGrubLegacy, true, toKernel},
	{"/boot/loader/entries", "*.conf", editLoaderEntry, true, toKernel},
	{"/boot/efi/loader/entries", "*.conf", editLoaderEntry, true, toKernel},
	{"/efi/loader/entries", "*.conf", editLoaderEntry, true, toKernel},
	{"/boot", "extlinux.conf", editSyslinux, true, toKernel},
	{"/boot/extlinux", "*.c[of][ng]*", editSyslinux, true, toKernel},
	{"/boot/syslinux", "*.c[of][ng]*", editSyslinux, true, toKernel},
	{"/boot", "refind_linux.conf", editRefindLinux, true, toKernel},
	{"/boot/efi/EFI/*", "refind.conf", editRefind, true, toKernel},
	{"/efi/EFI/*", "refind.conf", editRefind, true, toKernel},
	{"/boot", "limine.conf", editLimine, true, toKernel},
	{"/boot", "limine.cfg", editLimine, true, toKernel},
	{"/boot/limine", "limine.c[of][ng]*", editLimine, true, toKernel},
	{"/boot/efi", "limine.c[of][ng]*", editLimine, true, toKernel},
	{"/boot/efi/limine", "limine.c[of][ng]*", editLimine, true, toKernel},
	{"/boot/efi/EFI/*", "limine.c[of][ng]*", editLimine, true, toKernel},
	{"/boot/efi/EFI/*", "elilo.conf", editElilo, true, toKernel},
	{"/boot/efi", "elilo.conf", editElilo, true, toKernel},
	{"/etc", "elilo.conf", editElilo, false, toLaterFiles},
}

// Configuration is what a guest's boot loaders read, and what that is made from.
type Configuration struct {
	edit     *edit.Editor
	names    devname.Names
	firmware string
	// remembered are the texts of the files, and commands how many tools of the
	// guest had run, when Remember was called.
	remembered map[string]string
	commands   int
	// bootLoader is what a BIOS comes to on the boot disk, as StartedBy has it.
	bootLoader string
	// oldDisk is set where the guest finds its root file system on a disk that is
	// called as on the old machine alone.
	oldDisk bool
}

// NewConfiguration is that of the guest that is edited. firmware is "bios" or
// "uefi".
func NewConfiguration(e *edit.Editor, names devname.Names, firmware string) *Configuration {
	return &Configuration{edit: e, names: names, firmware: firmware}
}

// Fix gives the kernel parameters of every boot loader stable names.
func (c *Configuration) Fix() error {
	return c.editFiles(bootFiles)
}

// editFiles edits every one of the files that exists.
func (c *Configuration) editFiles(files []bootFile) error {
	scope := c.scope()
	return c.eachFile(files, func(name, text string, f bootFile) error {
		fixed, findings := f.edit(text, scope)
		for i, found := range findings {
			if i == edit.MaxNotes {
				c.edit.Warn(fmt.Sprintf("%s: there are %d more such entries", name, len(findings)-i), "")
				break
			}
			c.edit.Warn(name+": "+found.String(), found.remedy())
		}
		return c.edit.Rewrite(name, fixed, 0o644, f.description, meantIn(name))
	})
}

func (f finding) remedy() string {
	switch {
	case f.err == nil:
		return ""
	case f.otherOS:
		return "correct it by hand if that entry is still needed"
	case f.param == "resume" || f.param == "real_resume":
		return "remove it or name the swap area by UUID: the guest waits for the device at each boot"
	case f.param == "boot":
		return "name the file system of /boot by UUID: with fips=1 the guest halts where it does not find it"
	}
	return "name the device by UUID"
}

// StartedBy tells what a BIOS comes to on the boot disk: "GRUB", "LILO", "syslinux",
// another system, "unknown" for code that is not known, "none"; or "" where nobody
// has looked.
func (c *Configuration) StartedBy(loader string) { c.bootLoader = loader }

// NeedsOldDisk reports, after Verify, that the guest starts only from a disk that has
// the name which it had on the old machine: a SATA disk for a SCSI or SATA disk.
func (c *Configuration) NeedsOldDisk() bool { return c.oldDisk }

// Verify reads everything that the guest boots from once more. An entry of this
// guest whose root= is tied to the old machine is an error: it would not boot. So
// are menus that start nothing, for certain, and one that starts by itself what does
// not come up. Where the configuration was not to be edited these are warnings.
func (c *Configuration) Verify(edited bool) error {
	scope := c.scope()
	var stale []error
	err := c.eachFile(bootFiles, func(name, text string, f bootFile) error {
		if !f.entry {
			return nil
		}
		fixed, findings := f.edit(text, scope)
		for _, problem := range staleRoots(fixed, text, findings) {
			stale = append(stale, fmt.Errorf("%s%s", name, problem))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.warnUnifiedImages(); err != nil {
		return err
	}
	if len(stale) == 0 {
		err := c.requireStart()
		if err != nil && !edited {
			c.edit.Warn("the guest may not boot: "+strings.ReplaceAll(err.Error(), "\n", "; "), remedy.Of(err))
			return nil
		}
		return err
	}
	problem := errors.Join(stale...)
	if !edited {
		c.edit.Warn("the guest may not boot: "+strings.ReplaceAll(problem.Error(), "\n", "; "), "set pipeline.fix.update_grub to true")
		return nil
	}
	return fmt.Errorf("the guest would not boot; give its root file system a UUID or label and name it so: %w", problem)
}

// staleRoots says, each to follow the file's name, what ties the guest to its
// old machine in a text that was edited already, from what one more edit gives.
func staleRoots(fixed, text string, findings []finding) (problems []string) {
	if fixed != text {
		problems = append(problems, " still names devices of the old machine")
	}
	for _, found := range findings {
		if !found.otherOS && found.err != nil && (found.param == "root" || found.param == "real_root") {
			problems = append(problems, ": "+found.String())
		}
	}
	return problems
}

func (c *Configuration) scope() bootScope {
	return bootScope{names: c.names, hasKernel: func(image string) bool { return hasKernel(c.edit, image) }}
}

// eachFile calls do for every one of the files that exists.
func (c *Configuration) eachFile(files []bootFile, do func(name, text string, f bootFile) error) error {
	for _, f := range files {
		directories := []string{f.directory}
		if parent, ok := strings.CutSuffix(f.directory, "/*"); ok {
			var err error
			if directories, err = c.edit.List(parent, "*"); err != nil {
				return err
			}
		}
		for _, directory := range directories {
			if info, err := c.edit.Stat(directory); err != nil || !info.Mode.IsDir() {
				continue
			}
			names, err := c.edit.List(directory, f.pattern)
			if err != nil {
				return err
			}
			for _, name := range names {
				text, ok, err := c.edit.Read(name)
				if err != nil {
					return err
				}
				if !ok {
					continue
				}
				if err := do(name, text, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// hasKernel reports whether a kernel image, as a boot loader names it, is a
// file of this guest. The loader's root may be /boot, the ESP or a btrfs
// volume's top, so that the name is a part of the guest's path or the reverse.
func hasKernel(e *edit.Editor, image string) bool {
	if image == "" || strings.ContainsRune(image, '$') && !strings.HasPrefix(image, "($") {
		return true // by a variable: nobody can tell
	}
	if strings.HasPrefix(image, "(") {
		_, image, _ = strings.Cut(image, ")")
	}
	for name := path.Join("/", image); name != "/"; {
		for _, mount := range []string{"/", "/boot", "/boot/efi", "/efi", "/boot/extlinux", "/boot/syslinux"} {
			if e.Exists(path.Join(mount, name)) {
				return true
			}
		}
		_, rest, ok := strings.Cut(name[1:], "/")
		if !ok {
			break
		}
		name = "/" + rest
	}
	return false
}
