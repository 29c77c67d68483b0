package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/preflight"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/offline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// kindWindows is the type of Windows guests.
const kindWindows = "windows"

// refuseWindows is the refusal of a Windows guest that the fix stage must not change,
// as its disks' blocks tell, or nil. Where they do not tell all, the stage looks again.
func refuseWindows(ctx context.Context, j job, o opened, view *offline.View) error {
	if !j.manifest.Pipeline.Fix.Enabled || len(view.Systems) != 1 {
		return nil
	}
	return windowsRefusal(ctx, j, o, view, view.Systems[0])
}

// windowsRefusal is the same for a system of several.
func windowsRefusal(ctx context.Context, j job, o opened, view *offline.View, system guest.OS) error {
	if system.Type != kindWindows {
		return nil
	}
	if err := linuxOnlyError(j.manifest); err != nil {
		return err
	}
	m, err := view.Mount(system)
	if err != nil {
		return nil //nolint:nilerr // the appliance tells why
	}
	if area := m.Hibernated(system); area != "" {
		return report.Concerning(report.ConcernHibernated, appliance.HibernatedIn(area))
	}
	editor, err := edit.New(edit.Guest{FS: m.FS, Mounts: m.Mounts, Scratch: o.artifacts.Dir()}, false)
	if err != nil {
		return err
	}
	err = preflight.Check(preflight.Guest{OS: system, Devices: m.Devices, Disks: view.Disks, Unclean: view.Stale, Editor: editor})
	if ctx.Err() != nil {
		return nil //nolint:nilerr // time ran out, and the stage looks again
	}
	return err
}

// requireSeen refuses a Windows guest that nobody but an appliance looked at, which
// does not tell whether its volume is clean.
func requireSeen(j job, x examined, system guest.OS) error {
	if x.unseen == nil || system.Type != kindWindows || !j.manifest.Pipeline.Fix.Enabled {
		return nil
	}
	return report.Concerning(report.ConcernFilesystem, remedy.With(
		fmt.Errorf("whether the volume of Windows is clean could not be told: %w", x.unseen), "try again; to convert the guest as it is, disable pipeline.fix"))
}

// windowsHardware is what a Windows guest will start from when the fix stage has
// prepared it.
func windowsHardware(fix manifest.Fix, system guest.OS) hardware {
	switch {
	case fix.VirtioWin == "":
		return hardwareFor(system, nil)
	case fix.BlockDriver == manifest.BlockVioscsi:
		return hardware{diskBus: "scsi", nicModel: "virtio"}
	}
	return virtioHardware
}

// linuxOnly are the settings of the fix stage that a Windows guest cannot have.
func linuxOnly(m *manifest.Manifest) []report.Problem {
	var problems []report.Problem
	for _, path := range m.Pipeline.Fix.LinuxOnly() {
		problems = append(problems, report.Problem{
			Attribute: path, Message: "is for Linux guests only, and this one runs Windows", Remedy: "leave it out",
		})
	}
	return problems
}

// linuxOnlyError is the same as an error.
func linuxOnlyError(m *manifest.Manifest) error {
	var all error
	for _, problem := range linuxOnly(m) {
		all = errors.Join(all, remedy.With(fmt.Errorf("%s: %s", problem.Attribute, problem.Message), problem.Remedy))
	}
	return all
}
