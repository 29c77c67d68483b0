package machine

import (
	"cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// What a machine gets whose description tells nothing.
const (
	DefaultVCPUs           = 2
	DefaultMemoryMiB int64 = 2048
)

// maxVCPUs is more than QEMU gives any machine. A description that says more says nothing.
const maxVCPUs = 4096

// maxSerial is how many characters of a serial number virtio disks show.
const maxSerial = 20

// Found is what is known when the new machine is described.
type Found struct {
	// Old is the old machine's description, or nil for a mere disk.
	Old *report.Machine
	// NICs are its network cards, those that a person told of among them.
	NICs  []report.NIC
	Guest report.Guest
	// Disks are in the order in which to attach them. Their buses are not set, and
	// their serial numbers may be too long.
	Disks []report.HardwareDisk
}

// Needs computes what the new machine needs. What nothing prepared for virtio gets
// none of it, be it a disk, a card, a random number generator or a channel.
func Needs(f Found) *report.Hardware {
	old := f.Old
	nics := f.NICs
	if old == nil {
		old = &report.Machine{}
		if len(nics) == 0 {
			nics = []report.NIC{{}} // nobody knows its cards; most machines have one
		}
	}
	virtio := f.Guest.DiskBus == "virtio" || f.Guest.DiskBus == "scsi"
	needed := &report.Hardware{
		Name: old.Name, Arch: cmp.Or(f.Guest.Arch, "x86_64"), MachineType: "q35",
		Firmware:   cmp.Or(f.Guest.Firmware, BIOS),
		SecureBoot: old.SecureBoot && f.Guest.Firmware == UEFI, TPM: old.TPM,
		VCPUs: cmp.Or(old.VCPUs, DefaultVCPUs), MemoryMiB: cmp.Or(old.MemoryMiB, DefaultMemoryMiB),
		CPULevel: f.Guest.CPULevel, Clock: cmp.Or(f.Guest.Clock, old.Clock, clockOf(f.Guest.Type)),
		Disks: []report.HardwareDisk{}, NICs: []report.HardwareNIC{},
		Video: "vga", RNG: virtio, GuestAgent: virtio,
	}
	if f.Guest.DiskBus == "ide" {
		needed.MachineType = "pc" // q35 has no such controller
	}
	if needed.Arch == "x86_64" {
		needed.CPULevel = cmp.Or(needed.CPULevel, BaseLevel)
	}
	seen := map[string]int{}
	for _, disk := range f.Disks {
		seen[shownSerial(disk)]++
	}
	for _, disk := range f.Disks {
		disk.Bus = f.Guest.DiskBus
		disk.Serial = shownSerial(disk)
		if seen[disk.Serial] > 1 {
			// A guest with multipath would take them for two ways to one disk.
			disk.Serial = ""
		}
		needed.Disks = append(needed.Disks, disk)
	}
	for _, nic := range nics {
		needed.NICs = append(needed.NICs, report.HardwareNIC{Model: f.Guest.NICModel, MAC: nic.MAC, Network: nic.Network})
	}
	return needed
}

// shownSerial is as much of a disk's serial number as the new machine can show.
func shownSerial(disk report.HardwareDisk) string {
	return disk.Serial[max(0, len(disk.Serial)-maxSerial):]
}

// clockOf is what systems of a kind take the machine's clock for unless they are
// told otherwise.
func clockOf(system string) string {
	if system == "windows" || system == "dos" {
		return "localtime"
	}
	return "utc"
}
