package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
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
	if err := checkWindows(j.manifest); err != nil {
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

// checkWindows refuses what is asked for and a Windows guest cannot have.
func checkWindows(m *manifest.Manifest) error {
	if err := m.CheckWindows(); err != nil {
		return remedy.With(fmt.Errorf("the guest is a Windows: %w", err), windowsAsked)
	}
	return nil
}

// windowsAsked is what to do about that.
const windowsAsked = "change what is named; to convert the guest as it is, leave it out and disable pipeline.fix"

// windowsProblems are the same for a plan, each with what it is about.
func windowsProblems(m *manifest.Manifest) []report.Problem {
	var all manifest.Errors
	errors.As(m.CheckWindows(), &all)
	var problems []report.Problem
	for _, one := range all {
		problems = append(problems, report.Problem{Attribute: one.Path, Message: one.Message, Remedy: windowsAsked})
	}
	return problems
}

// windowsOptions are what the configuration of a Windows guest asks of the fix stage.
func windowsOptions(g *manifest.Configuration, options *fix.Options) {
	if g == nil {
		return
	}
	if g.Hostname != nil {
		options.Hostname = g.Hostname.Hostname
	}
	for _, script := range g.FirstBoot {
		options.FirstBoot = append(options.FirstBoot, fix.Script(script))
	}
}
