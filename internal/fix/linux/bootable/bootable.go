// Package bootable judges whether the firmware of the new machine comes to something
// that starts the guest, and has what a menu starts by itself be an entry that does.
package bootable

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/esp"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Start is how a guest is started, as far as its disks tell.
type Start struct {
	Firmware string // "bios" or "uefi"
	// BootLoader is what a BIOS comes to on the boot disk: "GRUB", "LILO",
	// "syslinux", "Windows", "unknown" for code that is not known, "none"; or "" where
	// nobody has looked.
	BootLoader string
	// Core is what that of GRUB has built in, where it is the boot loader.
	Core Core
	// Untouched says that the guest's file systems were not mounted to be changed.
	Untouched bool
}

// Guest is a guest whose start is judged.
type Guest struct {
	edit  *edit.Editor
	start Start
	judge judge
}

// New is the guest that is edited, whose devices have the names.
func New(e *edit.Editor, names devname.Names, start Start) *Guest {
	return &Guest{edit: e, start: start, judge: judge{edit: e.Reader, devices: devices{names}, untouched: start.Untouched}}
}

// Require makes sure that the firmware of the new machine comes to something that
// starts, and that what a menu starts by itself does. What is certain not to is an error;
// what cannot be told is a warning. Where the configuration was not to be edited, mended
// is what to set for that, and nothing is an error. needsOldDisk is set where the guest
// starts only from a disk that has the name which it had on the old machine: a SATA disk
// for a SCSI or SATA disk.
func (g *Guest) Require(mended string) (needsOldDisk bool, err error) {
	needsOldDisk, err = g.require(mended)
	if err == nil {
		return needsOldDisk, nil
	}
	if mended == "" {
		return needsOldDisk, report.Concerning(report.ConcernMenuStarts, err)
	}
	g.edit.Warn(report.ConcernMenuStarts, "the guest may not boot: "+strings.ReplaceAll(err.Error(), "\n", "; "), or(mended, remedy.Of(err)))
	return needsOldDisk, nil
}

// or is several remedies, of which some may be empty.
func or(remedies ...string) string {
	return strings.Join(slices.DeleteFunc(remedies, func(r string) bool { return r == "" }), "; or ")
}

func (g *Guest) require(mended string) (needsOldDisk bool, err error) {
	menus, err := g.menus()
	if err != nil {
		return false, err
	}
	g.warnBootSector(menus)
	g.warnCore(menus)
	if err := g.requireProgram(menus); err != nil {
		return false, err
	}
	if len(menus) == 0 {
		g.edit.Warn(report.ConcernMenuUncertain, "no boot menu was found in the guest that starts a kernel: whether it starts is not known",
			"check that /boot and the EFI system partition are on the migrated disks and in the guest's /etc/fstab, "+
				"and start the image before the old machine is given up")
		return false, nil
	}
	byLILO := g.warnLILO(menus)
	best := dead
	for _, m := range menus {
		for _, e := range m.entries {
			best = max(best, e.outcome)
		}
	}
	if best < oldDisk {
		if byLILO {
			return true, nil // told already
		}
		return false, g.refuse(menus, best == unknown)
	}
	if err := g.warnUnshown(menus); err != nil {
		return false, err
	}
	needsOldDisk = g.warnOldDisk(menus, best == oldDisk, byLILO, mended)
	menus = asAttached(menus)
	g.warnOtherSystem(menus)
	g.warnWaits(menus)
	g.warnIdleDefault(menus)
	if err := g.warnUnlocking(menus); err != nil {
		return needsOldDisk, err
	}
	if err := g.warnIntegrity(menus); err != nil {
		return needsOldDisk, err
	}
	if err := g.requireUnenrolled(); err != nil {
		return needsOldDisk, err
	}
	return needsOldDisk, g.requireDefault(menus)
}

// requireProgram refuses a guest on whose EFI system partition firmware finds nothing
// that it could start.
func (g *Guest) requireProgram(menus []judgedMenu) error {
	partition, found := esp.Of(g.edit)
	if g.start.Firmware != guest.FirmwareUEFI || !found {
		return nil
	}
	loaders, err := partition.Loaders()
	if err != nil || len(loaders) > 0 {
		return err
	}
	return remedy.With(fmt.Errorf("the EFI system partition (%s) has no EFI program that could be a boot loader: the firmware finds nothing to start", partition.Mount()),
		"install the boot loader in the guest on its old machine ("+advise(menus, toInstall)+"), and take its disks again")
}

// maxTold is how many entries one message names.
const maxTold = 5

// refuse says why no entry of the menus is known to start the guest. Where that is
// unclear it is a warning.
func (g *Guest) refuse(menus []judgedMenu, unclear bool) error {
	var told, entries []string
	for _, m := range menus {
		if m.Unclear != "" {
			unclear = true
			told = append(told, m.File+": "+m.Unclear)
		}
		told = append(told, m.Broken...)
		if len(m.entries) == 0 && m.Unclear == "" && len(m.Broken) == 0 {
			told = append(told, m.File+" has no entry that starts a kernel of Linux")
		}
		for _, e := range m.entries {
			entries = append(entries, e.String())
		}
	}
	if more := len(entries) - maxTold; more > 0 {
		entries = append(entries[:maxTold], fmt.Sprintf("and %d more entries", more))
	}
	why := strings.Join(append(told, entries...), "; ")
	if !unclear {
		what := "start the guest on its old machine, repair the boot menu there (" + advise(menus, toRepair) + "), and take its disks again"
		if slices.ContainsFunc(menus, func(m judgedMenu) bool { return slices.ContainsFunc(m.entries, g.judge.isVerified) }) {
			what = "set pipeline.fix.enabled to false: such a guest is copied as it is, and machine says what it boots from"
		}
		return remedy.With(errors.New("no entry of the guest's boot menus would start it: "+why), what)
	}
	if slices.ContainsFunc(menus, func(m judgedMenu) bool { return m.Loader != menu.Unified }) { // else told already
		g.edit.Warn(report.ConcernMenuUncertain, "nothing tells that the guest starts: "+why,
			"look at the menu in the guest before the migration, and start the image before the old machine is given up")
	}
	return nil
}

// requireDefault makes sure that what a menu starts by itself does start.
func (g *Guest) requireDefault(menus []judgedMenu) error {
	failed, reached := deadDefaults(menus)
	if len(failed) == 0 {
		return nil
	}
	var problems []error
	better := ""
	for _, d := range failed {
		problems = append(problems, d.err())
		if better == "" && d.hasOther() {
			better = ", such as " + d.other.Name() + " of " + d.other.File
		}
	}
	if reached {
		for _, problem := range problems {
			g.edit.Warn(report.ConcernMenuDefault, problem.Error(), "choose another default in the guest ("+advise(menus, toChoose)+")")
		}
		return nil
	}
	if i := slices.IndexFunc(failed, func(d deadDefault) bool { return d.menu.Ends != "" }); i >= 0 {
		return remedy.With(fmt.Errorf("the guest would not come up: %w", errors.Join(problems...)),
			"remove the command from "+failed[i].menu.File+" in the guest, and take its disks again")
	}
	return remedy.With(fmt.Errorf("the guest would not come up unless somebody chooses at its boot menu: %w", errors.Join(problems...)),
		chooseDefault(menus, better))
}
