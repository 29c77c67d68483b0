package testguest

import (
	"context"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
)

// The machines that guests are booted on, and what becomes of that, are
// internal/boot's. Recipes speak of them by these names.
type (
	BootDisk = boot.Disk
	Bus      = boot.Bus
	Console  = boot.Console
	Firmware = boot.Firmware
	Forward  = boot.Forward
	Machine  = boot.Running
	State    = boot.State
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
	StateNothing        = boot.StateNothing
)

// ErrConsoleClosed says that the machine is gone.
var ErrConsoleClosed = boot.ErrConsoleClosed

// Start starts a machine and returns at once. It ends with ctx at the latest;
// Close it in any case.
func Start(ctx context.Context, o BootOptions) (*Machine, error) {
	return boot.Start(ctx, o.machine())
}
