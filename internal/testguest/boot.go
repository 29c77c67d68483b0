package testguest

import (
	"context"
	"io"
	"regexp"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
)

// BootOptions say what to boot and on which machine.
type BootOptions struct {
	Disks    []BootDisk
	Firmware Firmware // BIOS where empty
	Bus      Bus      // VirtioBlk where empty
	NICs     []NIC    // one of virtio where there are none

	MemoryMiB int // 1024 where zero
	CPUs      int // 2 where zero

	// Timeout ends the boot with StateNothing, or another that is no success; five minutes where zero.
	Timeout time.Duration
	// Persist lets the guest change the disks. Otherwise changes are thrown away.
	Persist bool
	// Forwards are the only way from the host to the guest's network.
	Forwards []Forward
	// Passphrase is typed whenever the guest asks to unlock a disk.
	Passphrase string
	// WaitForProbe makes Boot wait for the report of a test guest's probe after
	// the login prompt, until the timeout.
	WaitForProbe bool
	// Log gets the console text as it comes, without terminal escapes.
	Log io.Writer
}

// BootResult is what became of a boot.
type BootResult struct {
	State State
	// Reason is the console line that says why the login prompt was not
	// reached, where there is one.
	Reason      string
	Console     string        // everything printed, without terminal escapes
	Duration    time.Duration // until the state was known
	Probe       *Probe        // nil if the guest reported nothing
	Accelerator string        // kvm or tcg
}

func (o BootOptions) machine() boot.Machine {
	return boot.Machine{
		Disks: o.Disks, Firmware: o.Firmware, Bus: o.Bus, NICs: o.NICs, MemoryMiB: o.MemoryMiB, CPUs: o.CPUs,
		Accelerator: workingAccelerator(), Persist: o.Persist, Forwards: o.Forwards, Log: o.Log,
	}
}

// Boot starts the image and returns as soon as it is known how far it comes.
// That the guest fails is a result, not an error. The machine is gone when Boot
// returns.
func Boot(ctx context.Context, o BootOptions) (BootResult, error) {
	watching := boot.Watching{Timeout: o.Timeout}
	if o.Passphrase != "" {
		watching.Passphrases = []string{o.Passphrase}
	}
	if o.WaitForProbe {
		watching.Await = ProbeEnd
	}
	outcome, err := boot.Watch(ctx, o.machine(), watching)
	result := BootResult{
		State: outcome.State, Console: outcome.Console, Duration: outcome.Duration, Accelerator: outcome.Accelerator,
	}
	if probe, ok := ParseProbe(result.Console); ok {
		result.Probe = &probe
	}
	if result.State != StateLogin {
		result.Reason = boot.Reason(result.Console)
	}
	return result, err
}

// ProbeEnd is the last line of a test guest's probe.
var ProbeEnd = regexp.MustCompile(probePrefix + "END")
