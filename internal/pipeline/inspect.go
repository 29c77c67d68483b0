package pipeline

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// inspect reads the source's disks and, where asked, its operating system.
func (r *run) inspect() (report.StageResult, error) {
	result := report.Inspection{
		Source:  report.InspectedSource{Type: string(r.manifest.Source.Type), Path: r.manifest.SourcePath()},
		Machine: r.source.Machine,
	}
	if err := r.examine(); err != nil {
		return nil, err
	}
	for n, disk := range r.source.Disks {
		info, err := qemuimg.GetInfo(r.ctx, disk.Image)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", disk.Name, err)
		}
		result.Source.VirtualSize += disk.VirtualSize
		result.Disks = append(result.Disks, r.inspectDisk(n, info))
	}
	used, _ := r.session.Accelerator()
	result.Accelerator = string(used)

	wantsGuest := r.manifest.Pipeline.Inspect.CollectGuestInfo || r.manifest.Pipeline.Fix.Enabled
	if wantsGuest {
		err := r.mountSystem()
		switch {
		case err != nil && !r.manifest.Pipeline.Fix.Enabled && r.ctx.Err() == nil:
			r.warn("the guest was not looked into: "+err.Error(), remedyOf(err))
		case err != nil:
			return nil, err
		}
	}
	info, err := r.guestInfo()
	if err != nil {
		return nil, err
	}
	result.Firmware, result.BootDisk, result.Guest = r.system.firmware, r.system.bootDisk, info
	return result, r.verifySource()
}

// inspectDisk describes one disk of the source.
func (r *run) inspectDisk(n int, info qemuimg.Info) report.InspectedDisk {
	disk := r.source.Disks[n]
	described := report.InspectedDisk{
		Name: disk.Name, Format: disk.Format, VirtualSize: disk.VirtualSize, SizeBytes: info.ActualSize,
	}
	if n < len(r.system.disks) {
		seen := r.system.disks[n]
		described.PartitionTable = seen.PartitionTable
		for _, p := range seen.Partitions {
			described.Partitions = append(described.Partitions, report.Partition{Number: p.Number, Start: p.Start, Size: p.Size})
		}
	}
	for _, d := range r.system.devices {
		if d.FSType == "" || d.FSType == "unknown" || d.Disk != n && (d.Disk >= 0 || n > 0) {
			continue // what lies over several disks is listed with the first
		}
		described.Filesystems = append(described.Filesystems, report.Filesystem{
			Kind: string(d.Kind), Partition: d.Partition, Type: d.FSType, UUID: d.UUID, Label: d.Label, SizeBytes: d.Size,
		})
	}
	return described
}

// guestInfo gathers what is known of the guest by now.
func (r *run) guestInfo() (report.Guest, error) {
	info := report.Guest{Firmware: r.system.firmware}
	if len(r.source.Disks) > 0 {
		info.VirtualSize = r.source.Disks[r.system.bootDisk].VirtualSize
	}
	os := r.system.os
	if os != nil {
		info.Type, info.Distro, info.ProductName = os.Type, os.Distro, os.Product
		info.Version, info.Arch, info.Hostname, info.PackageFormat = os.Version, os.Arch, os.Hostname, os.PackageFormat
	}
	collect := r.manifest.Pipeline.Inspect.CollectGuestInfo
	var kernels []report.Kernel
	if os != nil && os.Type == "linux" {
		r.progress(95, "reading the kernels")
		target, err := r.target()
		if err != nil {
			return info, err
		}
		if kernels, err = kernel.Survey(r.ctx, target.Editor, collect); err != nil {
			return info, fmt.Errorf("reading the guest's kernels: %w", err)
		}
	}
	if collect {
		info.Kernels = kernels
	}
	if r.manifest.Pipeline.Fix.Enabled {
		// The fix stage says what the guest boots from in the end.
		info.DiskBus, info.NICModel = expectedHardware(kernels)
		return info, nil
	}
	needed := r.adviseHardware(kernels)
	info.DiskBus, info.NICModel = needed.diskBus, needed.nicModel
	return info, nil
}

// adviseHardware says what the guest is to be given as it is, and warns where
// that is not virtio.
func (r *run) adviseHardware(kernels []report.Kernel) hardware {
	needed := hardwareFor(r.system.os, kernels)
	if needed.reason != "" {
		r.warn(needed.warning(), needed.remedy)
	}
	return needed
}
