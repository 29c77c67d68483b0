package testguest

import (
	"context"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
)

// Recipes and tests speak of machines by these names; what they are is told by
// internal/boot.
type (
	// BootDisk is a disk image.
	BootDisk = boot.Disk
	// Bus is what the disks of a machine hang on.
	Bus = boot.Bus
	// Console is a guest's serial console.
	Console = boot.Console
	// Firmware is what starts the boot loader.
	Firmware = boot.Firmware
	// Forward makes a guest's TCP port reachable.
	Forward = boot.Forward
	// Machine is a machine that was started.
	Machine = boot.Running
	// NIC is a network card.
	NIC = boot.NIC
	// State is what a boot ends in.
	State = boot.State
)

// The firmware kinds.
const (
	BIOS = boot.BIOS
	UEFI = boot.UEFI
)

// The buses.
const (
	VirtioBlk  = boot.VirtioBlk
	VirtioSCSI = boot.VirtioSCSI
	SATA       = boot.SATA
	PVSCSI     = boot.PVSCSI
	IDE        = boot.IDE
	NVMe       = boot.NVMe
)

// The states that a boot ends in.
const (
	StateLogin          = boot.StateLogin
	StateInitramfsShell = boot.StateInitramfsShell
	StateEmergency      = boot.StateEmergency
	StatePanic          = boot.StatePanic
	StateGRUB           = boot.StateGRUB
	StateNoBootDevice   = boot.StateNoBootDevice
	StateDeviceWait     = boot.StateDeviceWait
	StateExited         = boot.StateExited
	StateAgent          = boot.StateAgent
	StateNothing        = boot.StateNothing
)

// ErrConsoleClosed says that the machine is gone.
var ErrConsoleClosed = boot.ErrConsoleClosed

// Start starts a machine and returns at once. It ends with ctx at the latest;
// Close it in any case.
func Start(ctx context.Context, o BootOptions) (*Machine, error) {
	return boot.Start(ctx, o.machine())
}
