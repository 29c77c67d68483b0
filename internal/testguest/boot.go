package testguest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
)

// BootOptions say what to boot and on which machine.
type BootOptions struct {
	Disks    []BootDisk
	Firmware Firmware // BIOS where empty
	Bus      Bus      // VirtioBlk where empty

	MemoryMiB int // 1024 where zero
	CPUs      int // 2 where zero

	// Timeout ends the boot with StateNothing; five minutes where zero.
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

// BootDisk is a disk image.
type BootDisk struct {
	Path   string
	Format string // qemu-img's name; by the file's extension where empty
}

// Forward makes a guest's TCP port reachable on the host's loopback address.
type Forward struct {
	HostPort     int
	GuestAddress string // in 192.0.2.0/24
	GuestPort    int
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

const (
	defaultTimeout   = 5 * time.Minute
	defaultMemoryMiB = 1024
	defaultCPUs      = 2
)

func (o BootOptions) memoryMiB() int {
	if o.MemoryMiB == 0 {
		return defaultMemoryMiB
	}
	return o.MemoryMiB
}

func (o BootOptions) cpus() int {
	if o.CPUs == 0 {
		return defaultCPUs
	}
	return o.CPUs
}

// Boot starts the image and returns as soon as it is known how far it comes.
// That the guest fails is a result, not an error. The machine is gone when Boot
// returns.
func Boot(ctx context.Context, o BootOptions) (result BootResult, err error) {
	start := time.Now()
	timeout := o.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	machine, err := Start(ctx, o)
	if err != nil {
		return BootResult{}, err
	}
	defer func() { err = errors.Join(err, machine.Close()) }()

	deadline, cancel := context.WithDeadline(ctx, start.Add(timeout))
	defer cancel()
	state, err := machine.WaitState(deadline, o.Passphrase)
	result = BootResult{State: state, Accelerator: machine.Accelerator, Duration: time.Since(start)}
	if err != nil {
		return result, err
	}
	if state == StateLogin && o.WaitForProbe {
		if _, _, err := machine.Console.Expect(deadline, probeEnd); err != nil && ctx.Err() != nil {
			return result, ctx.Err()
		}
	}
	result.Console = machine.Console.Text()
	if probe, ok := ParseProbe(result.Console); ok {
		result.Probe = &probe
	}
	if state != StateLogin {
		result.Reason = reason(result.Console)
	}
	return result, nil
}

var probeEnd = regexp.MustCompile(probePrefix + "END")

// WaitState waits until the machine's console shows a final state, typing
// passphrase when the guest asks for one. A deadline that passes is
// StateNothing, not an error; a cancelled context is an error.
func (m *Machine) WaitState(ctx context.Context, passphrase string) (State, error) {
	return m.Console.waitState(ctx, passphrase)
}

func (c *Console) waitState(ctx context.Context, passphrase string) (State, error) {
	answered := 0
	for {
		state := StateNothing
		err := c.wait(ctx, func(text []byte) bool {
			state = Classify(string(text[answered:]))
			return state != StateNothing
		})
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return StateNothing, nil
		case errors.Is(err, ErrConsoleClosed):
			return StateExited, nil
		case err != nil:
			return StateNothing, fmt.Errorf("waiting for the guest to boot: %w", err)
		}
		if state != StatePassphrase || passphrase == "" {
			return state, nil
		}
		// Prompts seen so far are answered; look only at what follows.
		answered = len(c.Text())
		if err := c.Send(passphrase + "\n"); err != nil {
			return StateNothing, err
		}
	}
}
