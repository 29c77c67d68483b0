package boot_test

import (
	"os"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
)

// TestAccFullMachines starts machines with as many disks as they have room for.
func TestAccFullMachines(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs QEMU: set TF_ACC=1 or run make testacc")
	}
	// mov dx, 0x604; mov ax, 0x2000; out dx, ax; hlt; jmp
	powersOff := boot.Disk{Path: writeDisk(t, bootSector(0xba, 4, 6, 0xb8, 0, 0x20, 0xef, 0xf4, 0xeb, 0xfd))}
	for name, test := range map[string]struct {
		bus  boot.Bus
		most int // disks, where there is room for more
	}{
		"virtio": {boot.VirtioBlk, 0}, "virtio-scsi": {boot.VirtioSCSI, 30}, "SATA": {boot.SATA, 13}, "IDE": {boot.IDE, 0},
	} {
		t.Run(name, func(t *testing.T) {
			machine := boot.Machine{Bus: test.bus, Probe: true, MemoryMiB: 512, CPUs: 1, Disks: []boot.Disk{powersOff}}
			for len(machine.Disks) != test.most {
				more := machine
				more.Disks = append(more.Disks, powersOff)
				if more.NoRoom() != "" {
					break
				}
				machine = more
			}
			outcome := watch(t, machine, boot.Watching{Timeout: 2 * time.Minute})
			if outcome.State != boot.StateExited {
				t.Errorf("with %d disks: %s, %q; its console:\n%s", len(machine.Disks), outcome.State, outcome.Reason, outcome.Console)
			}
		})
	}
}
