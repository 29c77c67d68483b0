package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/offline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// lookTime bounds the look at disks without an appliance, which takes a second
// where nothing is wrong with them.
const lookTime = time.Minute

// onlyInspects says that the disks are looked at and nothing else is done.
func onlyInspects(m *manifest.Manifest) bool {
	return slices.Equal(m.EnabledStages(), []string{report.StageLoadManifest, report.StageInspect})
}

// looked is what a look at the source's disks came to. refusal is of what fails the
// migration, whatever an appliance would find.
type looked struct {
	view    *offline.View
	refusal error
}

// look finds out what lies on the source's disks without an appliance.
func look(ctx context.Context, j job, o opened) (looked, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	disks, closing, err := openDisks(ctx, o)
	if err != nil {
		return looked{}, err
	}
	var seen looked
	view, err := offline.Look(ctx, disks, len(j.manifest.Source.LUKSKeys) > 0)
	if err == nil {
		seen.refusal = refusalOf(ctx, j, o, view)
	}
	if err = errors.Join(err, closing()); err != nil {
		return seen, err
	}
	seen.view = view.Summary() // which goes on as long as the run
	return seen, nil
}

// refusalOf is what a look at the disks shows that fails the migration, or nil: what
// is uncertain, and what could not be read, is left to the appliance.
func refusalOf(ctx context.Context, j job, o opened, view *offline.View) error {
	fixes := j.manifest.Pipeline.Fix.Enabled
	if err := refuseWindows(ctx, j, o, view); err != nil {
		return err
	}
	if area := view.Devices.Hibernated(); fixes && area != "" {
		return report.Concerning(report.ConcernHibernated, appliance.HibernatedIn(area))
	}
	if len(view.Unread) > 0 || len(view.Stale) > 0 {
		return nil
	}
	quiet := j
	quiet.say = j.say.apart()
	system, err := choose(quiet, view.Systems, viewed(o, view).system, view.Menus)
	switch {
	case errors.As(err, new(*rootError)), fixes && len(view.Systems) == 0:
		return err
	case err != nil || !fixes:
		return nil //nolint:nilerr // the appliance tells why
	}
	return fix.Refusal(system)
}

// openDisks opens the source's disks to be read.
func openDisks(ctx context.Context, o opened) ([]offline.Disk, func() error, error) {
	server, err := offline.Serve(ctx, o.images(), o.artifacts.Dir())
	if err != nil {
		return nil, nil, err
	}
	disks := make([]offline.Disk, len(server.Readers))
	for n := range disks {
		disks[n] = offline.Disk{ReaderAt: server.Readers[n], Size: server.Sizes[n], SectorSize: o.sectorSizes[n], Serial: o.source.Disks[n].Serial}
	}
	return disks, server.Close, nil
}

// knownSystems are the operating systems that were seen before the appliance was
// there, or nil where it has to look for them: something was not read or not
// unmounted, or the appliance sees other devices.
func knownSystems(view *offline.View, devices guest.Devices) []guest.OS {
	if view == nil || len(view.Unread) > 0 || len(view.Stale) > 0 || len(view.Systems) == 0 {
		return nil
	}
	type identity struct{ name, kind, uuid string }
	identities := func(devices guest.Devices) map[identity]bool {
		found := map[identity]bool{}
		for _, d := range devices {
			if d.FSType != "" && d.FSType != "unknown" {
				found[identity{d.Name, d.FSType, d.UUID}] = true
			}
		}
		return found
	}
	seen, there := identities(view.Devices), identities(devices)
	for d := range there {
		if !seen[d] {
			return nil
		}
	}
	if len(seen) != len(there) {
		return nil
	}
	return view.Systems
}

// insufficientError says why an appliance has to look at the disks.
type insufficientError struct{ why error }

func (e *insufficientError) Error() string { return e.why.Error() }

func (e *insufficientError) Unwrap() error { return e.why }

// inspectDirectly inspects without an appliance. Where that does not suffice the
// error is an *insufficientError, and nothing was said to anybody.
func inspectDirectly(ctx context.Context, j job, o opened, seen inspected) (inspected, error) {
	j.say.progress(1, "reading the disks")
	quiet := j
	quiet.say = j.say.apart()
	if err := readGuest(ctx, quiet, o, &seen); err != nil {
		if ctx.Err() != nil {
			return inspected{}, ctx.Err()
		}
		return inspected{}, &insufficientError{err}
	}
	j.say.repeat(quiet.say.report)
	seen.describeDisks(o)
	seen.report.InspectedBy = report.InspectedDirectly
	seen.report.Firmware, seen.report.BootDisk = seen.disks.firmware, seen.disks.bootDisk
	return seen, verifySource(j, o.source)
}

// readGuest finds out what inspect wants to know, all but what the host tells of
// the disks. An error says what could not be read.
func readGuest(ctx context.Context, j job, o opened, seen *inspected) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	disks, closing, err := openDisks(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		_ = closing() // what was read is right, whatever ends the servers afterwards
	}()
	view, err := offline.Look(ctx, disks, len(j.manifest.Source.LUKSKeys) > 0)
	if err != nil {
		return err
	}
	if len(view.Unread) > 0 {
		return errors.New(strings.Join(view.Unread, "; "))
	}
	seen.disks = viewed(o, view)
	return describeDirectly(ctx, j, view, seen)
}

// viewed are the source's disks as a view of them shows them.
func viewed(o opened, view *offline.View) examined {
	x := examined{opened: o, system: system{disks: view.Disks, devices: view.Devices, hibernated: view.Devices.Hibernated() != ""}}
	x.firmware = firmwareOf(x.disks, o.describedFirmware())
	x.bootDisk, x.bootDiskCertain = bootDiskOf(x.disks, x.firmware, o.describedBootDisk())
	return x
}

// describeDirectly describes the guest of a view, as inspect does with an
// appliance. An error says what could not be read.
func describeDirectly(ctx context.Context, j job, view *offline.View, seen *inspected) error {
	result := &seen.report
	if !j.manifest.Pipeline.Inspect.CollectGuestInfo {
		result.Guest = describeUnknown(j, seen.disks)
		return nil
	}
	found, err := choose(j, view.Systems, seen.disks.system, view.Menus)
	if errors.As(err, new(*rootError)) {
		return err
	}
	if err != nil {
		j.say.find(cmp.Or(concernOf(err), report.ConcernNotInspected), notLookedInto(err), remedy.Of(err))
		result.Guest = describeUnknown(j, seen.disks)
		return nil
	}
	guest, err := mountDirectly(j, seen.disks, view, found)
	if err != nil {
		return err
	}
	if err := guest.suspended; err != nil {
		j.say.find(report.ConcernHibernated, "the guest's files may be older than what it goes on with: "+err.Error(), remedy.Of(err))
	}
	if note := view.StaleNote(guest.mounts); note != "" {
		j.say.find(report.ConcernFilesystem, note, "shut the guest down cleanly and take its disk again")
	}
	seen.guest, seen.disks = guest.mounted, guest.examined
	result.Guest, err = describeGuest(ctx, j, guest.mounted)
	return err
}

// readable is a guest whose file systems are mounted to be read.
type readable struct {
	mounted
	// suspended is where the guest's memory is kept, as an error; nil where it is
	// shut down.
	suspended error
}

// mountDirectly is mount for a guest that is only looked at.
func mountDirectly(j job, x examined, view *offline.View, found guest.OS) (readable, error) {
	m, err := view.Mount(found)
	if err != nil {
		return readable{}, err
	}
	var suspended error
	for _, warning := range m.Warnings {
		j.say.find(report.ConcernMounts, warning.Message, warning.Remedy)
	}
	x.devices = m.Devices
	warnLocked(j.say, x.devices, j.manifest.Source.LUKSKeys)
	if area := m.Hibernated(found); area != "" {
		x.hibernated = true
		suspended = appliance.HibernatedIn(area)
	}
	files, mirrored := bootFiles(m.Mounts, x.devices, x.firmware)
	x.bootDisk, x.bootDiskCertain = bootDiskOf(x.disks, x.firmware, bootEvidence(x.firmware, x.opened.describedBootDisk(), files))
	x.bootDiskCertain = x.bootDiskCertain || mirrored
	editor, err := edit.New(edit.Guest{FS: m.FS, Mounts: m.Mounts}, false)
	return readable{mounted{examined: x, os: found, mounts: m.Mounts, editor: editor}, suspended}, err
}

// withMissing says why an appliance is needed, beside all that it lacks.
func (e *insufficientError) withMissing(missing error) error {
	all := lacks{fmt.Errorf("the disks cannot be read without an appliance: %w", e.why)}
	var several lacks
	if errors.As(missing, &several) {
		return append(all, several...)
	}
	return append(all, missing)
}
