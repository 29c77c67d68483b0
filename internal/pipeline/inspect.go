package pipeline

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// inspectResult is the result of inspect.
type inspectResult struct {
	Source      inspectedSource `json:"source"`
	Disks       []inspectedDisk `json:"disks"`
	Firmware    string          `json:"firmware"`
	BootDisk    int             `json:"boot_disk"` // index into disks
	Accelerator string          `json:"accelerator"`
	Guest       guestInfo       `json:"guest"`
	// Machine is what an OVF descriptor tells of the virtual machine.
	Machine *source.Machine `json:"machine,omitempty"`
}

// inspectedSource is the source as a whole. Sizes are in bytes.
type inspectedSource struct {
	Type        string `json:"type"`
	Path        string `json:"path"`
	VirtualSize int64  `json:"virtual_size"`
}

// inspectedDisk is one disk. Sizes are in bytes.
type inspectedDisk struct {
	Name           string                `json:"name"`
	Format         string                `json:"format"`
	VirtualSize    int64                 `json:"virtual_size"`
	SizeBytes      int64                 `json:"size_bytes"` // what the disk takes on the host
	PartitionTable string                `json:"partition_table,omitempty"`
	Partitions     []inspectedPartition  `json:"partitions,omitempty"`
	Filesystems    []inspectedFilesystem `json:"filesystems,omitempty"`
}

// inspectedPartition is one partition. Start and Size are in bytes.
type inspectedPartition struct {
	Number int   `json:"number"`
	Start  int64 `json:"start"`
	Size   int64 `json:"size"`
}

// inspectedFilesystem is one file system, swap area or container.
type inspectedFilesystem struct {
	Kind      guest.Kind `json:"kind"`
	Partition int        `json:"partition,omitempty"`
	Type      string     `json:"type"`
	UUID      string     `json:"uuid,omitempty"`
	Label     string     `json:"label,omitempty"`
	Size      int64      `json:"size_bytes"`
}

// guestInfo is what a hypervisor's configuration needs to know of the guest,
// and, where its operating system was looked at, what that is.
type guestInfo struct {
	Firmware      string          `json:"firmware"`
	DiskBus       string          `json:"disk_bus"`
	NICModel      string          `json:"nic_model"`
	VirtualSize   int64           `json:"virtual_size"`
	Type          string          `json:"type,omitempty"`
	Distro        string          `json:"distro,omitempty"`
	ProductName   string          `json:"product_name,omitempty"`
	Version       string          `json:"version,omitempty"`
	Arch          string          `json:"arch,omitempty"`
	Hostname      string          `json:"hostname,omitempty"`
	PackageFormat string          `json:"package_format,omitempty"`
	Kernels       []report.Kernel `json:"kernels,omitempty"`
}

// inspect reads the source's disks and, where asked, its operating system.
func (r *run) inspect() (any, error) {
	result := inspectResult{
		Source:  inspectedSource{Type: string(r.manifest.Source.Type), Path: r.manifest.SourcePath()},
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
func (r *run) inspectDisk(n int, info qemuimg.Info) inspectedDisk {
	disk := r.source.Disks[n]
	described := inspectedDisk{
		Name: disk.Name, Format: disk.Format, VirtualSize: disk.VirtualSize, SizeBytes: info.ActualSize,
	}
	if n < len(r.system.disks) {
		seen := r.system.disks[n]
		described.PartitionTable = seen.PartitionTable
		for _, p := range seen.Partitions {
			described.Partitions = append(described.Partitions, inspectedPartition{Number: p.Number, Start: p.Start, Size: p.Size})
		}
	}
	for _, d := range r.system.devices {
		if d.FSType == "" || d.FSType == "unknown" || d.Disk != n && (d.Disk >= 0 || n > 0) {
			continue // what lies over several disks is listed with the first
		}
		described.Filesystems = append(described.Filesystems, inspectedFilesystem{
			Kind: d.Kind, Partition: d.Partition, Type: d.FSType, UUID: d.UUID, Label: d.Label, Size: d.Size,
		})
	}
	return described
}

// guestInfo gathers what is known of the guest by now.
func (r *run) guestInfo() (guestInfo, error) {
	info := guestInfo{Firmware: r.system.firmware, DiskBus: "virtio", NICModel: "virtio"}
	if len(r.source.Disks) > 0 {
		info.VirtualSize = r.source.Disks[r.system.bootDisk].VirtualSize
	}
	os := r.system.os
	if os == nil {
		return info, nil
	}
	info.Type, info.Distro, info.ProductName = os.Type, os.Distro, os.Product
	info.Version, info.Arch, info.Hostname, info.PackageFormat = os.Version, os.Arch, os.Hostname, os.PackageFormat
	if os.Type != "linux" {
		return info, nil
	}
	r.progress(95, "reading the kernels")
	collect := r.manifest.Pipeline.Inspect.CollectGuestInfo
	target, err := r.target()
	if err != nil {
		return info, err
	}
	kernels, err := kernel.Survey(r.ctx, target.Editor, collect)
	if err != nil {
		return info, fmt.Errorf("reading the guest's kernels: %w", err)
	}
	if collect {
		info.Kernels = kernels
	}
	info.DiskBus, info.NICModel = hardwareFor(kernels)
	return info, nil
}

// hardwareFor is the disk bus and network card that the guest's default kernel
// has drivers for: virtio, or what every kernel knows.
func hardwareFor(kernels []report.Kernel) (diskBus, nicModel string) {
	diskBus, nicModel = "virtio", "virtio"
	for _, k := range kernels {
		if !k.Default {
			continue
		}
		disk, network := k.HasVirtio()
		if !disk {
			diskBus = "sata"
		}
		if !network {
			nicModel = "e1000"
		}
	}
	return diskBus, nicModel
}
