package boot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Machine is what is started, and where.
type Machine struct {
	Disks    []Disk   // in the order in which the firmware tries them
	Firmware Firmware // BIOS where empty
	Bus      Bus      // VirtioBlk where empty
	// NICs are the network cards; one of virtio where there are none.
	NICs []NIC

	MemoryMiB int // DefaultMemoryMiB where zero
	CPUs      int // DefaultCPUs where zero
	// Accelerator is "kvm" or, where empty, "tcg".
	Accelerator string

	// Probe gives the guest the port that a probe in it says its facts to.
	Probe bool

	// Persist lets the guest change the disks. Otherwise its changes are thrown
	// away, and the images need not be writable.
	Persist bool
	// Forwards are the only way from the host to the guest's network. They are
	// for the first card.
	Forwards []Forward
	// Directory is where the machine makes a folder for what it needs while it
	// runs, changes to the disks among that; the system's for temporary files
	// where empty.
	Directory string
	// Log gets the console text as it comes, without terminal escapes.
	Log io.Writer
}

// What a machine has that does not say otherwise.
const (
	DefaultMemoryMiB = 1024
	DefaultCPUs      = 2
)

// Disk is a disk image.
type Disk struct {
	Path   string
	Format string // qemu-img's name; by the file's extension where empty
	// SectorSize is in bytes; 512 where zero. Disks on SATA and IDE have no other.
	SectorSize int
}

// Firmware is what starts the boot loader.
type Firmware string

// The firmware kinds.
const (
	BIOS Firmware = "bios"
	UEFI Firmware = "uefi"
)

// Bus is what the disks of a machine hang on.
type Bus string

// The buses. PVSCSI is VMware's: a guest that starts there and not on virtio is
// one that needs fixing.
const (
	VirtioBlk  Bus = "virtio-blk"  // vda
	VirtioSCSI Bus = "virtio-scsi" // sda
	SATA       Bus = "sata"        // sda, on AHCI
	IDE        Bus = "ide"         // sda on today's kernels, hda on those before
	NVMe       Bus = "nvme"        // nvme0n1
	PVSCSI     Bus = "pvscsi"      // sda, VMware's paravirtual adapter
)

// NIC is a network card.
type NIC struct {
	Model string // "virtio", "e1000e", "e1000" or "rtl8139"; virtio where empty
	MAC   string // QEMU's choice where empty
}

// Forward makes a guest's TCP port reachable on the host's loopback address.
type Forward struct {
	HostPort     int
	GuestAddress string // in 192.0.2.0/24
	GuestPort    int
}

func (m Machine) check() error {
	if len(m.Disks) == 0 {
		return errors.New("booting a guest: no disks given")
	}
	for _, disk := range m.Disks {
		if _, err := os.Stat(disk.Path); err != nil {
			return fmt.Errorf("booting a guest: %w", err)
		}
	}
	return nil
}

// FormatName is the format by qemu-img's name.
func (d Disk) FormatName() string {
	if d.Format != "" {
		return d.Format
	}
	switch strings.ToLower(filepath.Ext(d.Path)) {
	case ".vmdk":
		return "vmdk"
	case ".qcow2":
		return "qcow2"
	case ".vdi":
		return "vdi"
	case ".vhd":
		return "vpc"
	case ".vhdx":
		return "vhdx"
	default:
		return "raw"
	}
}
