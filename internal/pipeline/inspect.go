package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// inspected is what the inspect stage has seen.
type inspected struct {
	report report.Inspection
	disks  examined
	// guest is there whenever the fix stage comes; otherwise it may be empty.
	guest mounted
}

func (i inspected) result() report.StageResult { return i.report }

// inspect reads the source's disks and, where asked, its operating system.
func inspect(ctx context.Context, j job, o opened, shared *session) (inspected, error) {
	p := j.manifest.Pipeline
	seen := inspected{report: report.Inspection{
		Source:  report.InspectedSource{Type: string(j.manifest.Source.Type), Path: j.manifest.SourcePath()},
		Machine: o.source.Machine,
	}}
	if onlyInspects(j.manifest) {
		known, err := inspectDirectly(ctx, j, o, seen)
		var insufficient *insufficientError
		if !errors.As(err, &insufficient) {
			return known, err
		}
		if err := checkApplianceFor(ctx, j, []string{"pipeline.inspect"}); err != nil {
			return inspected{}, insufficient.withMissing(err)
		}
	}
	var err error
	if seen.disks, err = examine(ctx, j, o, shared); err != nil {
		return inspected{}, err
	}
	result := &seen.report
	seen.describeDisks(o)
	used, _ := shared.Accelerator()
	result.InspectedBy, result.Accelerator = report.InspectedByAppliance, string(used)

	looked := p.Inspect.CollectGuestInfo || p.Fix.Enabled
	if looked {
		seen.guest, err = mount(j, seen.disks)
		switch {
		case err == nil:
			seen.disks = seen.guest.examined
		case p.Fix.Enabled || ctx.Err() != nil || errors.As(err, new(*rootError)):
			return inspected{}, err
		default:
			looked = false
			seen.disks.hibernated = seen.disks.hibernated || errors.Is(err, appliance.ErrHibernated)
			j.say.find(cmp.Or(concernOf(err), report.ConcernNotInspected), notLookedInto(err), remedy.Of(err))
		}
	}
	if looked {
		result.Guest, err = describeGuest(ctx, j, seen.guest)
	} else {
		result.Guest = describeUnknown(j, seen.disks)
	}
	if err != nil {
		return inspected{}, err
	}
	result.Firmware, result.BootDisk = seen.disks.firmware, seen.disks.bootDisk
	return seen, verifySource(j, o.source)
}

func notLookedInto(err error) string { return "the guest was not looked into: " + err.Error() }

// describeDisks describes the source's disks, which were seen.
func (i *inspected) describeDisks(o opened) {
	for n, disk := range o.source.Disks {
		i.report.Source.VirtualSize += disk.VirtualSize
		i.report.Disks = append(i.report.Disks, i.disks.describe(n, disk))
	}
}

// describe describes the n-th disk of the source.
func (s *system) describe(n int, disk source.Disk) report.InspectedDisk {
	described := report.InspectedDisk{
		Name: disk.Name, Format: disk.Format, VirtualSize: disk.VirtualSize, SizeBytes: disk.ActualSize,
	}
	if n < len(s.disks) {
		seen := s.disks[n]
		described.PartitionTable = seen.PartitionTable
		for _, p := range seen.Partitions {
			described.Partitions = append(described.Partitions, report.Partition{Number: p.Number, Start: p.Start, Size: p.Size})
		}
	}
	for _, d := range s.devices {
		if d.FSType == "" || d.FSType == "unknown" || d.Disk != n && (d.Disk >= 0 || n > 0) {
			continue // what lies over several disks is listed with the first
		}
		described.Filesystems = append(described.Filesystems, report.Filesystem{
			Kind: string(d.Kind), Partition: d.Partition, Type: d.FSType, UUID: d.UUID, Label: d.Label, SizeBytes: d.Size,
		})
	}
	return described
}

// describeMachine says what is known of a guest whose disks were seen.
func describeMachine(x examined) report.Guest {
	info := report.Guest{Firmware: x.firmware}
	if disks := x.opened.source.Disks; len(disks) > 0 {
		info.VirtualSize = disks[x.bootDisk].VirtualSize
	}
	return info
}

// describeUnknown says what is known of a guest that was not looked into.
func describeUnknown(j job, x examined) report.Guest {
	info := describeMachine(x)
	needed := advise(j.say, unknownHardware)
	info.DiskBus, info.NICModel = needed.diskBus, needed.nicModel
	return info
}

// describeGuest says what is known of a guest that was looked into.
func describeGuest(ctx context.Context, j job, g mounted) (report.Guest, error) {
	info := describeSystem(g, describeMachine(g.examined))
	findInGuest(j.say, info)

	collect := j.manifest.Pipeline.Inspect.CollectGuestInfo
	var kernels []report.Kernel
	if g.os.Type == "linux" {
		j.say.progress(95, "reading the kernels")
		var err error
		if kernels, err = kernel.Survey(ctx, g.editor.Reader, collect || j.leavesInitramfs(), g.firmware); err != nil {
			return info, fmt.Errorf("reading the guest's kernels: %w", err)
		}
	}
	if collect {
		info.Kernels = kernels
	}
	var needed hardware
	switch {
	case !j.manifest.Pipeline.Fix.Enabled:
		needed = advise(j.say, hardwareFor(g.os, kernels))
		if g.os.Type == "linux" && j.manifest.Pipeline.Convert.Enabled {
			var err error
			if needed.diskBus, err = tellLeft(ctx, j, g, fix.Hardware{DiskBus: needed.diskBus, NICModel: needed.nicModel, Kernels: kernels}); err != nil {
				return info, err
			}
		}
	// The fix stage says what the guest boots from in the end.
	case g.os.Type == kindWindows:
		needed = windowsHardware(j.manifest.Pipeline.Fix, g.os)
	case j.leavesInitramfs():
		needed = hardwareFor(g.os, kernels)
	default:
		needed = expectedHardware(g.os, kernels)
	}
	info.DiskBus, info.NICModel = needed.diskBus, needed.nicModel
	return info, nil
}

// tellLeft tells what keeps a guest that is converted as it is from coming up on the new
// machine, and returns the bus that its disks are to be on.
func tellLeft(ctx context.Context, j job, g mounted, given fix.Hardware) (diskBus string, err error) {
	diskBus, warnings, err := fix.TellLeft(ctx, g.target(), given)
	j.say.findAll(warnings)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil { // which would fail fixes, and not a copy
		j.say.find(report.ConcernFileNotRead, "what the guest has of its old machine could not be read: "+err.Error(), cmp.Or(remedy.Of(err), "start the image before the old machine is given up"))
	}
	return diskBus, nil
}

// leavesInitramfs says that no stage puts drivers where they are needed.
func (j job) leavesInitramfs() bool {
	return !j.manifest.Pipeline.Fix.Enabled || !j.manifest.Pipeline.Fix.RegenInitramfs
}

// advise warns where what the guest as it is has to be given is not virtio.
func advise(say *reporter, needed hardware) hardware {
	if needed.reason != "" {
		say.find(report.ConcernHardware, needed.warning(), needed.remedy)
	}
	return needed
}
