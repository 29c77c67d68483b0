// Package libvirt writes libvirt's definition of the machine that a migrated guest
// needs.
package libvirt

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"libvirt.org/go/libvirtxml"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Network is libvirt's own network, which the cards are connected to: networks of
// the old host have no meaning for the new one.
const Network = "default"

// architectures are those that a domain is written for, as the guest calls them.
var architectures = []string{"x86_64", "i386", "i486", "i586", "i686"}

// DomainXML is the XML of a domain on KVM. All disks need an image.
func DomainXML(h report.Hardware) (string, error) {
	if !slices.Contains(architectures, h.Arch) {
		return "", fmt.Errorf("no domain can be written for a guest of the architecture %q: only for x86", h.Arch)
	}
	if len(h.Disks) == 0 {
		return "", errors.New("the machine has no disk")
	}
	devices := &libvirtxml.DomainDeviceList{
		// GRUB of a BIOS guest hangs without a display.
		Videos:   []libvirtxml.DomainVideo{{Model: libvirtxml.DomainVideoModel{Type: h.Video}}},
		Graphics: []libvirtxml.DomainGraphic{{VNC: &libvirtxml.DomainGraphicVNC{AutoPort: "yes"}}},
		Serials:  []libvirtxml.DomainSerial{{Source: terminal(), Target: &libvirtxml.DomainSerialTarget{Port: new(uint)}}},
		Consoles: []libvirtxml.DomainConsole{{Source: terminal(), Target: &libvirtxml.DomainConsoleTarget{Type: "serial", Port: new(uint)}}},
	}
	for n, disk := range h.Disks {
		described, err := diskOf(n, disk)
		if err != nil {
			return "", err
		}
		devices.Disks = append(devices.Disks, described)
	}
	if h.Disks[0].Bus == "scsi" {
		for n := range uint((len(h.Disks) + scsiUnits - 1) / scsiUnits) {
			devices.Controllers = append(devices.Controllers, libvirtxml.DomainController{Type: "scsi", Index: &n, Model: "virtio-scsi"})
		}
	}
	for _, nic := range h.NICs {
		devices.Interfaces = append(devices.Interfaces, cardOf(nic))
	}
	if h.TPM {
		devices.TPMs = []libvirtxml.DomainTPM{{
			Model: "tpm-crb", Backend: &libvirtxml.DomainTPMBackend{Emulator: &libvirtxml.DomainTPMBackendEmulator{Version: "2.0"}},
		}}
	}
	if h.RNG {
		devices.RNGs = []libvirtxml.DomainRNG{{
			Model: "virtio", Backend: &libvirtxml.DomainRNGBackend{Random: &libvirtxml.DomainRNGBackendRandom{Device: "/dev/urandom"}},
		}}
	}
	if h.GuestAgent {
		devices.Channels = []libvirtxml.DomainChannel{{
			Source: &libvirtxml.DomainChardevSource{UNIX: &libvirtxml.DomainChardevSourceUNIX{}},
			Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: "org.qemu.guest_agent.0"}},
		}}
	}
	processors := max(h.VCPUs, 1)
	if processors > plainProcessors {
		if h.MachineType != "q35" {
			return "", fmt.Errorf("the machine has %d processors, and one of the type %s has room for %d", processors, h.MachineType, plainProcessors)
		}
		devices.IOMMUs = []libvirtxml.DomainIOMMU{{Model: "intel", Driver: &libvirtxml.DomainIOMMUDriver{IntRemap: "on", EIM: "on"}}}
	}
	domain := libvirtxml.Domain{
		Type: "kvm", Name: nameOf(h),
		Memory: &libvirtxml.DomainMemory{Value: uint(max(h.MemoryMiB, 1)), Unit: "MiB"},
		VCPU:   &libvirtxml.DomainVCPU{Value: uint(processors)},
		OS:     firmwareOf(h),
		// UEFI is refused without ACPI, and a guest hears of a shutdown by it.
		Features: &libvirtxml.DomainFeatureList{ACPI: &libvirtxml.DomainFeature{}, APIC: &libvirtxml.DomainFeatureAPIC{}},
		// The host's processor is of every level that a guest can run on there. libvirt
		// would make a socket for each, and sockets are what editions of Windows and of
		// SQL Server use no more than two or four of.
		CPU:     &libvirtxml.DomainCPU{Mode: "host-passthrough", Topology: &libvirtxml.DomainCPUTopology{Sockets: 1, Cores: processors, Threads: 1}},
		Clock:   &libvirtxml.DomainClock{Offset: h.Clock},
		Devices: devices,
	}
	if processors > plainProcessors {
		domain.Features.IOAPIC = &libvirtxml.DomainFeatureIOAPIC{Driver: "qemu"} // which remaps interrupts
	}
	if h.SecureBoot {
		domain.Features.SMM = &libvirtxml.DomainFeatureSMM{State: "on"}
	}
	return domain.Marshal()
}

// plainProcessors is how many processors interrupts reach without an IOMMU: libvirt
// refuses more.
const plainProcessors = 255

// scsiUnits is how many disks libvirt puts on a SCSI controller. For those behind them
// it makes controllers of a kind that few kernels drive, unless there are others.
const scsiUnits = 7

// terminal is what virsh console attaches to.
func terminal() *libvirtxml.DomainChardevSource {
	return &libvirtxml.DomainChardevSource{Pty: &libvirtxml.DomainChardevSourcePty{}}
}

// nameOf is the old machine's name as libvirt takes it, or that of the first image.
func nameOf(h report.Hardware) string {
	name := strings.TrimSpace(h.Name)
	if name == "" {
		base := filepath.Base(h.Disks[0].Path)
		name = strings.TrimSuffix(base, filepath.Ext(base))
	}
	return strings.Map(func(r rune) rune {
		if r == '/' || r < ' ' || r == 0x7f {
			return '-'
		}
		return r
	}, name)
}

// firmwareOf says of UEFI whether it enforces Secure Boot: libvirt may choose one
// that does where nothing is said.
func firmwareOf(h report.Hardware) *libvirtxml.DomainOS {
	os := &libvirtxml.DomainOS{Type: &libvirtxml.DomainOSType{Arch: "x86_64", Machine: h.MachineType, Type: "hvm"}}
	if h.Firmware != "uefi" {
		return os
	}
	enabled := "no"
	if h.SecureBoot {
		enabled = "yes"
		// libvirt before 8.6 lets the guest write to the firmware's variables otherwise.
		os.Loader = &libvirtxml.DomainLoader{Secure: "yes"}
	}
	os.Firmware = "efi"
	os.FirmwareInfo = &libvirtxml.DomainOSFirmwareInfo{Features: []libvirtxml.DomainOSFirmwareFeature{
		{Enabled: enabled, Name: "secure-boot"}, {Enabled: enabled, Name: "enrolled-keys"},
	}}
	return os
}

// usualSector is the size of sectors, in bytes, that a disk has unless told otherwise.
const usualSector = 512

// buses are the beginnings of the names that libvirt has for disks.
var buses = map[string]string{"virtio": "vd", "scsi": "sd", "sata": "sd", "ide": "hd"}

func diskOf(n int, disk report.HardwareDisk) (libvirtxml.DomainDisk, error) {
	prefix, known := buses[disk.Bus]
	switch {
	case !known:
		return libvirtxml.DomainDisk{}, fmt.Errorf("disks[%d] has the bus %q, which a domain has not: use virtio, scsi, sata or ide", n, disk.Bus)
	case disk.Path == "" || disk.Format == "":
		return libvirtxml.DomainDisk{}, fmt.Errorf("disks[%d] has no image: only a migration that writes images has what a domain needs", n)
	case disk.Bus == "ide" && n > 3:
		return libvirtxml.DomainDisk{}, errors.New("a machine has room for four disks on IDE")
	case disk.SectorSize > usualSector && (disk.Bus == "sata" || disk.Bus == "ide"):
		return libvirtxml.DomainDisk{}, fmt.Errorf("disks[%d] has sectors of %d bytes, and QEMU's disks on %s have none but of %d: only a guest with a virtio driver can use it",
			n, disk.SectorSize, strings.ToUpper(disk.Bus), usualSector)
	}
	described := libvirtxml.DomainDisk{
		Device: "disk", Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: disk.Format, Discard: "unmap"},
		Source: &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: disk.Path}},
		Target: &libvirtxml.DomainDiskTarget{Dev: prefix + letters(n), Bus: disk.Bus},
		Serial: disk.Serial, Boot: &libvirtxml.DomainDeviceBoot{Order: uint(n + 1)},
	}
	if disk.SectorSize > usualSector {
		size := uint(disk.SectorSize)
		described.BlockIO = &libvirtxml.DomainDiskBlockIO{LogicalBlockSize: size, PhysicalBlockSize: size}
	}
	return described, nil
}

// letters counts a, b ... z, aa, ab as the kernel names disks.
func letters(n int) string {
	name := ""
	for ; n >= 0; n = n/26 - 1 {
		name = string(rune('a'+n%26)) + name
	}
	return name
}

func cardOf(nic report.HardwareNIC) libvirtxml.DomainInterface {
	card := libvirtxml.DomainInterface{
		Source: &libvirtxml.DomainInterfaceSource{Network: &libvirtxml.DomainInterfaceSourceNetwork{Network: Network}},
		Model:  &libvirtxml.DomainInterfaceModel{Type: nic.Model},
	}
	if nic.MAC != "" {
		card.MAC = &libvirtxml.DomainInterfaceMAC{Address: nic.MAC}
	}
	return card
}
