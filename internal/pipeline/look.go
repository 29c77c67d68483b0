package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
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

// look finds out what lies on the source's disks without an appliance.
func look(ctx context.Context, j job, o opened) (*offline.View, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	disks, closing, err := openDisks(ctx, o)
	if err != nil {
		return nil, err
	}
	view, err := offline.Look(ctx, disks, len(j.manifest.Source.LUKSKeys) > 0)
	return view, errors.Join(err, closing())
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

// inspectDirectly inspects without an appliance. Where that does not suffice, it
// returns why, and nothing was said to anybody.
func inspectDirectly(ctx context.Context, j job, o opened, seen inspected) (_ inspected, why error, err error) { //nolint:revive,staticcheck // why is no failure
	started := ctx
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	j.say.progress(1, "reading the disks")
	disks, closing, err := openDisks(ctx, o)
	if err != nil {
		return inspected{}, err, nil
	}
	defer func() {
		// What was read is right, whatever ends the servers afterwards.
		_ = closing()
	}()
	view, why := offline.Look(ctx, disks, len(j.manifest.Source.LUKSKeys) > 0)
	if why == nil && len(view.Unread) > 0 {
		why = errors.New(strings.Join(view.Unread, "; "))
	}
	if why != nil {
		return inspected{}, why, started.Err()
	}
	seen.disks = examined{opened: o, system: system{disks: view.Disks, devices: view.Devices, hibernated: view.Devices.Hibernated() != ""}}
	x := &seen.disks
	x.firmware = firmwareOf(x.disks, o.describedFirmware())
	x.bootDisk, x.bootDiskCertain = bootDiskOf(x.disks, x.firmware, nil)
	seen.report.InspectedBy = report.InspectedDirectly

	quiet := j
	quiet.say = j.say.apart()
	if why := describeDirectly(ctx, quiet, view, &seen); why != nil {
		return inspected{}, why, started.Err()
	}
	for _, warning := range quiet.say.report.Warnings {
		j.say.warn(warning.Message, warning.Remedy)
	}
	if err := seen.describeDisks(started, o); err != nil {
		return inspected{}, nil, err
	}
	seen.report.Firmware, seen.report.BootDisk = seen.disks.firmware, seen.disks.bootDisk
	return seen, nil, verifySource(j, o.source)
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
	if err != nil {
		j.say.warn(notLookedInto(err), remedy.Of(err))
		result.Guest = describeUnknown(j, seen.disks)
		return nil
	}
	guest, err := mountDirectly(j, seen.disks, view, found)
	if err != nil {
		return err
	}
	seen.guest, seen.disks = guest, guest.examined
	result.Guest, err = describeGuest(ctx, j, guest)
	return err
}

// mountDirectly is mount for a guest that is only looked at.
func mountDirectly(j job, x examined, view *offline.View, found guest.OS) (mounted, error) {
	m, err := view.Mount(found)
	if err != nil {
		return mounted{}, err
	}
	for _, warning := range m.Warnings {
		j.say.warn(warning, "")
	}
	x.devices = m.Devices
	warnLocked(j.say, x.devices, j.manifest.Source.LUKSKeys)
	if area := m.Hibernated(found); area != "" {
		x.hibernated = true
		err := appliance.HibernatedIn(area)
		j.say.warn("the guest's files may be older than what it goes on with: "+err.Error(), remedy.Of(err))
	}
	if note := view.StaleNote(m.Mounts); note != "" {
		j.say.warn(note, "shut the guest down cleanly and take its disk again")
	}
	files, mirrored := bootFiles(m.Mounts, x.devices, x.firmware)
	x.bootDisk, x.bootDiskCertain = bootDiskOf(x.disks, x.firmware, files)
	x.bootDiskCertain = x.bootDiskCertain || mirrored
	editor, err := edit.New(edit.Guest{FS: m.FS, Mounts: m.Mounts}, false)
	return mounted{examined: x, os: found, mounts: m.Mounts, editor: editor}, err
}

// insufficient says why an appliance is needed, beside all that it lacks.
func insufficient(why, missing error) error {
	all := lacks{fmt.Errorf("the disks cannot be read without an appliance: %w", why)}
	var several lacks
	if errors.As(missing, &several) {
		return append(all, several...)
	}
	return append(all, missing)
}
