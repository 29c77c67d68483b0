// Package bootloader gives what a guest boots with, and what that is made from
// later, device names that hold on any machine.
package bootloader

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// editor edits the text of a file: names of devices that hold on any machine, and what
// is left to be told.
type editor func(text string, s bootScope) (string, []finding)

// editors are those of the files that name devices.
var editors = map[bootfile.Format]editor{
	bootfile.GrubScript:      editGrubConfig,
	bootfile.GrubEnvironment: editGrubenv,
	bootfile.GrubDefaults:    editGrubDefault,
	bootfile.GrubCustom:      editGrubConfig,
	bootfile.GrubLegacy:      editGrubLegacy,
	bootfile.LoaderEntry:     editLoaderEntry,
	bootfile.Syslinux:        editSyslinux,
	bootfile.RefindLinux:     editRefindLinux,
	bootfile.Refind:          editRefind,
	bootfile.Limine:          editLimine,
	bootfile.Elilo:           editElilo,
	bootfile.PerlBootloader:  editBootloaderSysconfig,
	bootfile.UpdateExtlinux:  editUpdateExtlinux,
	bootfile.Cmdline:         editPlainCmdline,
}

const (
	toKernel     = "use stable names in kernel parameters"
	toLaterFiles = "use stable names in what later boot configuration is made from"
)

// description is what an edit does, for people.
func description(f bootfile.File) string {
	if f.AtBoot {
		return toKernel
	}
	return toLaterFiles
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
}

// NewConfiguration is that of the guest that is edited. firmware is "bios" or
// "uefi".
func NewConfiguration(e *edit.Editor, names devname.Names, firmware string) *Configuration {
	return &Configuration{edit: e, names: names, firmware: firmware}
}

// Fix gives the kernel parameters of every boot loader stable names.
func (c *Configuration) Fix() error {
	scope := c.scope()
	return c.eachFile(func(name, text string, f bootfile.File) error {
		return c.editFile(name, text, scope, editors[f.Format], description(f), report.ConcernBootDevice)
	})
}

// editFile writes a file as it is to be, and warns of what an edit leaves: of devices
// by that kind.
func (c *Configuration) editFile(name, text string, scope bootScope, do editor, description string, device report.ConcernID) error {
	fixed, findings := do(text, scope)
	warnings := make([]report.Warning, len(findings))
	for i, found := range findings {
		warnings[i] = report.Warning{ID: found.kind(device), Message: name + ": " + found.String(), Remedy: found.remedy()}
	}
	c.edit.WarnOfFile(name, "entries", warnings)
	return c.edit.Rewrite(name, fixed, 0o644, description, meantIn(name))
}

// kind is the kind of concern that the finding is of, device that of a device which the
// file names.
func (f finding) kind(device report.ConcernID) report.ConcernID {
	switch {
	case f.err == nil:
		return report.ConcernRootAssumed
	case f.spec == "":
		return report.ConcernFileNotEdited
	case f.otherOS && !errors.Is(f.err, errUnknownVariable):
		return report.ConcernBootOtherSystem
	}
	return device
}

func (f finding) remedy() string {
	switch {
	case f.err == nil:
		return "nothing is to be done where the entry starts this system; where it was to start another, correct it in the guest"
	case f.spec == "":
		return "correct that place in the guest: what it says of devices was not read"
	case errors.Is(f.err, errJournal):
		return "write journal_path= and a path under /dev/disk/by-uuid in its place in the guest"
	case f.otherOS:
		return "correct it by hand if that entry is still needed"
	case f.param == "resume" || f.param == "real_resume":
		return "remove it or name the swap area by UUID: the guest waits for the device at each boot"
	case f.param == "boot":
		return "name the file system of /boot by UUID: with fips=1 the guest halts where it does not find it"
	}
	return "name the device by UUID"
}

// Verify reads everything that the guest boots from once more. An entry of this guest
// whose root= is tied to the old machine is an error: it would not boot.
func (c *Configuration) Verify() error {
	scope := c.scope()
	var stale []error
	err := c.eachFile(func(name, text string, f bootfile.File) error {
		if !f.AtBoot {
			return nil
		}
		fixed, findings := editors[f.Format](text, scope)
		for _, problem := range staleRoots(fixed, text, findings) {
			stale = append(stale, fmt.Errorf("%s%s", name, problem))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if problem := errors.Join(stale...); problem != nil {
		return report.Concerning(report.ConcernMenuStarts, fmt.Errorf("the guest would not boot; give its root file system a UUID or label and name it so: %w", problem))
	}
	return nil
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
	return bootScope{names: c.names, hasKernel: func(image string) bool { return hasKernel(c.edit.Reader, image) }}
}

// eachFile calls do for every file that is edited and exists.
func (c *Configuration) eachFile(do func(name, text string, f bootfile.File) error) error {
	for _, f := range bootfile.Files() {
		if f.Unedited != "" {
			continue
		}
		if err := c.edit.EachFile(f.Pattern, func(name, text string) error { return do(name, text, f) }); err != nil {
			return err
		}
	}
	return nil
}

// hasKernel reports whether a kernel image, as a boot loader names it, is a file of
// this guest.
func hasKernel(e *edit.Reader, image string) bool {
	if image == "" || strings.ContainsRune(image, '$') && !strings.HasPrefix(image, "($") {
		return true // by a variable: nobody can tell
	}
	if strings.HasPrefix(image, "(") {
		_, image, _ = strings.Cut(image, ")")
	}
	return menu.Anywhere(e, image) != ""
}
