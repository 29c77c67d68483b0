package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/firstboot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// mounted is the guest with its file systems mounted.
type mounted struct {
	examined
	os     guest.OS
	mounts []guest.Mount
	// checked are the file systems that fixes may write to.
	checked []checkedFilesystem
	editor  *edit.Editor
}

// errNoSystem says that no operating system was found on the disks.
var errNoSystem = errors.New("no operating system was found on the disks")

// enter is examine and mount, for a run that does not inspect.
func enter(ctx context.Context, j job, o opened, shared *session) (mounted, error) {
	disks, err := examine(ctx, j, o, shared)
	if err != nil {
		return mounted{}, err
	}
	return mount(j, disks)
}

// mount finds the guest's operating system and mounts its file systems.
func mount(j job, x examined) (mounted, error) {
	j.say.progress(62, "looking for an operating system")
	systems, err := findSystems(x)
	if err != nil {
		return mounted{}, fmt.Errorf("inspecting the guest: %w", err)
	}
	keys := j.manifest.Source.LUKSKeys
	found, err := choose(j, systems, x.system, x.session.Menus)
	if err != nil {
		return mounted{}, err
	}
	if err := requireSeen(j, x, found); err != nil {
		return mounted{}, err
	}
	checked, err := checkBefore(j, x, found)
	if err != nil {
		return mounted{}, err
	}
	j.say.progress(90, "mounting the guest's file systems")
	mounts, warnings, err := x.session.MountGuest(found)
	if err != nil {
		return mounted{}, withKey(fmt.Errorf("mounting the guest's file systems: %w", err), x.devices, keys)
	}
	for _, warning := range warnings {
		j.say.find(report.ConcernMounts, warning.Message, warning.Remedy)
	}
	warnLocked(j.say, x.devices, keys)
	// The guest's own tables have told what it calls some of them.
	if x.devices, err = x.session.Devices(); err != nil {
		return mounted{}, fmt.Errorf("listing the file systems: %w", err)
	}
	files, mirrored := bootFiles(mounts, x.devices, x.firmware)
	x.bootDisk, x.bootDiskCertain = bootDiskOf(x.disks, x.firmware, bootEvidence(x.firmware, x.opened.describedBootDisk(), files))
	x.bootDiskCertain = x.bootDiskCertain || mirrored

	opened := edit.Guest{
		FS: x.session.Session, Runner: x.session.Session, Mounts: mounts, Space: x.session.Space, Scratch: x.opened.artifacts.Dir(),
	}
	if found.Type == kindWindows {
		opened.Runner, opened.Hives, opened.Backups = nil, x.session.Session, fix.WindowsBackups
	}
	editor, err := edit.New(opened, j.manifest.Pipeline.Fix.Backup)
	x.found = &found
	return mounted{examined: x, os: found, mounts: mounts, checked: checked, editor: editor}, err
}

// findSystems are those that were seen before the appliance was there, or else that
// show signs of themselves, or else that libguestfs' inspection finds.
func findSystems(x examined) ([]guest.OS, error) {
	if systems := knownSystems(x.view, x.devices); systems != nil {
		return systems, nil
	}
	if systems, certain, err := x.session.FindSystems(); err != nil || certain {
		return systems, err
	}
	return x.session.Inspect()
}

// rootError says that source.root is none of the systems.
type rootError struct{ error }

func (e *rootError) Unwrap() error { return e.error }

// choose takes the system that the manifest names, or that the machine starts. The menus of its boot loaders
// are asked for where there are several.
func choose(j job, systems []guest.OS, on system, menus func() ([]guest.Menu, error)) (guest.OS, error) {
	if len(systems) == 0 {
		return guest.OS{}, noSystem(on, j.manifest.Source.LUKSKeys)
	}
	var listed []string
	for _, s := range systems {
		listed = append(listed, fmt.Sprintf("%s on %s", s.Product, s.Root))
	}
	if root := j.manifest.Source.Root; root != "" {
		at := guest.FindSystem(systems, on.devices, root)
		if at < 0 {
			return guest.OS{}, &rootError{remedy.With(fmt.Errorf("source.root: %s is not the root of one operating system; found are %s", root, strings.Join(listed, ", ")),
				"name the one that is meant as it is listed")}
		}
		return systems[at], nil
	}
	var started []guest.Menu
	if len(systems) > 1 {
		var err error
		if started, err = menus(); err != nil {
			return guest.OS{}, fmt.Errorf("reading the boot menus: %w", err)
		}
	}
	found := systems[guest.ChooseSystem(systems, on.devices, on.bootDisk, started...)]
	if len(systems) > 1 {
		j.say.find(report.ConcernSystems, fmt.Sprintf("%d operating systems were found (%s); the one on %s is taken", len(systems), strings.Join(listed, ", "), found.Root),
			"if another is meant, name it in source.root")
	}
	return found, nil
}

// target is the guest as fixes see it.
func (g mounted) target() fix.Target {
	t := fix.Target{
		Editor:   g.editor,
		Devices:  g.devices,
		OS:       g.os,
		Firmware: g.firmware,
		NICs:     g.opened.describedNICs(),
		Disks:    g.disks,
		BootDisk: g.bootDisk,

		FirstBoot: firstboot.Program,
	}
	if g.view != nil {
		t.Unclean = g.view.Stale
	}
	if g.bootDisk < len(g.disks) && g.bootDiskCertain {
		t.BootLoader = g.disks[g.bootDisk].Loader
		t.Core.Prefix, t.Core.Config = g.disks[g.bootDisk].Core.Prefix, g.disks[g.bootDisk].Core.Config
	}
	return t
}
