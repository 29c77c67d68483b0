package bootable

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
)

// outcome is what becomes of a menu entry on the new machine.
type outcome int

const (
	dead    outcome = iota // it does not start, for certain
	unknown                // nobody can tell
	oldDisk                // it starts from a disk that has the name it had on the old machine
	starts
)

// judged is an entry and what becomes of it.
type judged struct {
	menu.Entry

	outcome outcome
	why     string // if it does not start
	// otherSystem is the parameter that names another system than the one that was
	// fixed, or nothing.
	otherSystem string
}

func (e judged) String() string {
	return fmt.Sprintf("%s: %s: %s", e.File, e.Name(), e.why)
}

// worsen makes the outcome no better than that.
func (e *judged) worsen(to outcome, why string) {
	if to < e.outcome {
		e.outcome, e.why = to, why
	}
}

// judge says what becomes of the entries of a guest's menus.
type judge struct {
	edit      *edit.Reader
	devices   devices
	untouched bool // as Start has it
}

func (j judge) menu(m menu.Menu) judgedMenu {
	menu := judgedMenu{Menu: m}
	for _, e := range m.Entries {
		judged := j.entry(e)
		if m.Unclear != "" && judged.outcome == dead && !e.Unified {
			judged.outcome = unknown // what the menu sets may be set otherwise
		}
		menu.entries = append(menu.entries, judged)
	}
	return menu
}

func (j judge) entry(e menu.Entry) judged {
	result := judged{Entry: e, outcome: starts, otherSystem: j.devices.otherSystem(e, j.edit.Mounts())}
	if e.Unified {
		cmdline, err := menu.UnifiedCmdline(j.edit, e.Kernel.Path)
		if err != nil {
			result.worsen(unknown, "its kernel parameters could not be read: "+err.Error())
			return result
		}
		e.Parameters = strings.Fields(cmdline)
		result.Parameters = e.Parameters
		result.worsen(j.devices.root(e, true))
		result.worsen(j.devices.fips(e, true))
		result.worsen(j.verified(e))
		return result
	}
	if e.Kernel.Name != "" {
		result.worsen(j.file("kernel", e.Kernel))
		if e.Kernel.State == menu.Found && j.isEmpty(e.Kernel) {
			result.worsen(dead, "its kernel "+e.Kernel.Name+" is an empty file")
		}
	}
	for _, image := range e.Initramfs {
		result.worsen(j.file("initramfs", image))
	}
	if e.NativeDisk != "" {
		result.worsen(oldDisk, "it reads its kernel by "+e.NativeDisk+", a driver of GRUB's own for SATA disks")
	}
	if e.Unclear != "" {
		result.worsen(unknown, e.Unclear)
	}
	images, empty := j.initramfs(e)
	to, why := j.devices.root(e, images > 0)
	if empty != "" && to == unknown {
		why += " (" + empty + " is an empty file)"
	}
	result.worsen(to, why)
	result.worsen(j.devices.fips(e, images > 0))
	result.worsen(j.verified(e))
	return result
}

// file says what becomes of an entry that needs the file.
func (j judge) file(what string, f menu.File) (outcome, string) {
	switch {
	case f.State == menu.Unknown:
		return unknown, "whether its " + what + " " + f.Name + " is there is not known"
	case f.State == menu.Missing && f.Absent != "":
		return dead, "its " + what + " " + f.Name + " is looked for on " + f.Absent + ", which is on no disk of the guest"
	case f.State == menu.Missing:
		return dead, "its " + what + " " + f.Name + " is not in the guest"
	}
	return starts, ""
}

func (j judge) isEmpty(f menu.File) bool {
	info, err := j.edit.Stat(f.Path)
	return err == nil && info.Size == 0
}

// initramfs counts the images of an entry that hold something, and names one that does
// not: a kernel takes it for none.
func (j judge) initramfs(e menu.Entry) (images int, empty string) {
	for _, image := range e.Initramfs {
		if image.State == menu.Found && j.isEmpty(image) {
			empty = image.Name
			continue
		}
		images++
	}
	return images, empty
}
