package source

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/ovf"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
)

// packagedDisk is a disk as a descriptor refers to it.
type packagedDisk struct {
	// id is the disk's in the descriptor, href its file in the package.
	id, href string
	// format is the descriptor's word for the image format, a URI.
	format string
	gzip   bool
	// chunk is the size, in bytes, of each but the last of several files which follow
	// one another, and of whose names href is only the beginning; 0 for one file.
	chunk int64
	// size is how long the file is said to be, in bytes, or 0.
	size int64
	// capacity is the declared virtual size in bytes, or 0, and unit that in which it is
	// declared.
	capacity, unit int64
}

// disksOf lists the disks of a machine in the order in which it numbers them.
func disksOf(envelope *ovf.Envelope, system ovf.VirtualSystem) (disks []packagedDisk, warnings []string, err error) {
	described := ovf.DiskSection{}
	if envelope.Disk != nil {
		described = *envelope.Disk
	}
	declared := map[string]ovf.VirtualDiskDesc{}
	for _, disk := range described.Disks {
		declared[disk.DiskID] = disk
	}
	taken := map[string]bool{}
	add := func(disk ovf.VirtualDiskDesc) error {
		if taken[disk.DiskID] {
			warnings = append(warnings, fmt.Sprintf("the machine has disk %s of the package in several drives: it is migrated once", printable(disk.DiskID)))
			return nil
		}
		taken[disk.DiskID] = true
		if text(disk.ParentRef) != "" {
			return refuse(fmt.Sprintf("disk %s of the package counts from another disk", printable(disk.DiskID)),
				"export the virtual machine without delta disks")
		}
		if text(disk.FileRef) == "" {
			warnings = append(warnings, fmt.Sprintf("disk %s of the package is an empty one and is left out", printable(disk.DiskID)))
			return nil
		}
		packaged, err := locateDisk(envelope, disk)
		if err != nil {
			return err
		}
		disks = append(disks, packaged)
		return nil
	}
	drives, hollow := diskDrives(machine.Hardware(system), machine.DefaultConfiguration(envelope))
	for _, drive := range drives {
		resource := drive.resource
		id := resourceID(resource)
		disk, known := declared[id]
		switch {
		case !known && strings.Contains(resource, "/file/"):
			disk = ovf.VirtualDiskDesc{DiskID: "file " + id, FileRef: &id}
		case !known:
			return nil, nil, damaged("the OVF descriptor", fmt.Sprintf("the machine has a disk %s, which is not described", printable(resource)))
		}
		if err := add(disk); err != nil {
			return nil, nil, err
		}
	}
	single := len(machines(envelope)) == 1
	if len(disks) == 0 && len(taken) == 0 && single {
		hollow = nil // which of them has which disk, nobody says
		for _, disk := range described.Disks {
			if err := add(disk); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, name := range hollow {
		warnings = append(warnings, fmt.Sprintf("the machine has a disk drive, %s, of which the package does not say what is in it: it is left out", printable(name)))
	}
	for _, disk := range described.Disks {
		if single && !taken[disk.DiskID] && text(disk.FileRef) != "" && !usedAnyhow(machine.Hardware(system), disk.DiskID) {
			warnings = append(warnings, fmt.Sprintf("the package has a disk %s, and its machine has no drive for it: it is left out", printable(disk.DiskID)))
		}
	}
	if len(disks) == 0 {
		return nil, nil, refuse("the virtual machine of the package has no disk with content", "export it again together with its disks")
	}
	return disks, warnings, nil
}

// resourceID is the id in "ovf:/disk/ID", "/disk/ID", "disk/ID" or
// "ovf:/file/ID".
func resourceID(resource string) string {
	for _, kind := range []string{"disk/", "file/"} {
		if before, id, found := strings.Cut(resource, kind); found && (before == "" || strings.HasSuffix(before, "/")) {
			return id
		}
	}
	return path.Base(resource)
}

// storageExtent is the resource type that XenCenter gives disks, and that the
// library has no name for.
const storageExtent ovf.CIMResourceType = 19

// drive is a disk drive of a machine.
type drive struct {
	// resource is what it is made from, such as "ovf:/disk/vmdisk1".
	resource string
	// controller counts the controllers in the order of the descriptor; address
	// is the drive's place on its own.
	controller, address int
}

// usedAnyhow says that a drive of the machine is made from a disk, in whatever
// configuration.
func usedAnyhow(described ovf.VirtualHardwareSection, id string) bool {
	is := func(resource string) bool { return resourceID(strings.TrimSpace(resource)) == id }
	return slices.ContainsFunc(described.Item, func(item ovf.ResourceAllocationSettingData) bool {
		return slices.ContainsFunc(item.HostResource, is)
	}) || slices.ContainsFunc(described.StorageItem, func(item ovf.StorageAllocationSettingData) bool {
		return slices.ContainsFunc(item.HostResource, is)
	})
}

// diskDrives are a machine's disk drives in the order in which the machine numbers them:
// descriptors may list them otherwise. hollow are the names of those that are made from
// nothing.
func diskDrives(described ovf.VirtualHardwareSection, configuration string) (drives []drive, hollow []string) {
	controllers := map[string]int{}
	for n, item := range described.Item {
		controllers[item.InstanceID] = n
	}
	placed := true
	add := func(kind *ovf.CIMResourceType, configurations *string, host []string, parent, address *string, name string) {
		if kind == nil || !machine.Applies(configurations, configuration) {
			return
		}
		if len(host) == 0 {
			if *kind == ovf.DiskDrive {
				hollow = append(hollow, name)
			}
			return
		}
		if *kind != ovf.DiskDrive && (*kind != storageExtent || !strings.Contains(host[0], "disk/")) {
			return
		}
		controller, known := controllers[text(parent)]
		place, err := strconv.Atoi(text(address))
		placed = placed && known && err == nil
		drives = append(drives, drive{resource: strings.TrimSpace(host[0]), controller: controller, address: place})
	}
	for _, item := range described.Item {
		add(item.ResourceType, item.Configuration, item.HostResource, item.Parent, item.AddressOnParent, cmp.Or(item.ElementName, item.InstanceID))
	}
	for _, item := range described.StorageItem {
		add(item.ResourceType, item.Configuration, item.HostResource, item.Parent, item.AddressOnParent, cmp.Or(item.ElementName, item.InstanceID))
	}
	if placed {
		slices.SortStableFunc(drives, func(a, b drive) int {
			return cmp.Or(cmp.Compare(a.controller, b.controller), cmp.Compare(a.address, b.address))
		})
	}
	return drives, hollow
}

// locateDisk finds the file of a disk among the package's references.
func locateDisk(envelope *ovf.Envelope, disk ovf.VirtualDiskDesc) (packagedDisk, error) {
	for _, file := range envelope.References {
		if file.ID != text(disk.FileRef) {
			continue
		}
		packaged := packagedDisk{
			id: disk.DiskID, href: strings.TrimSpace(file.Href), format: text(disk.Format), capacity: capacity(disk), unit: capacityUnit(disk),
			size: int64(min(file.Size, math.MaxInt64)),
		}
		if file.ChunkSize != nil {
			packaged.chunk = max(int64(*file.ChunkSize), 0)
		}
		switch compression := strings.ToLower(text(file.Compression)); compression {
		case "", "identity":
		case "gzip":
			packaged.gzip = true
		default:
			return packagedDisk{}, refuse(fmt.Sprintf("%s is compressed with %q, which is not supported", printable(file.Href), printable(compression)),
				"export the package again with gzip or without compression")
		}
		return packaged, nil
	}
	return packagedDisk{}, damaged("the OVF descriptor", fmt.Sprintf("the file of disk %s is not listed", printable(disk.DiskID)))
}
