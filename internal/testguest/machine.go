package testguest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Machine is a running QEMU.
type Machine struct {
	Console     *Console
	Accelerator string // kvm or tcg

	cancel context.CancelFunc
	ended  chan struct{}
	folder string

	closing sync.Once
	closed  error
}

// Start starts a machine and returns at once. It ends with ctx at the latest;
// Close it in any case.
func Start(ctx context.Context, o BootOptions) (*Machine, error) {
	if len(o.Disks) == 0 {
		return nil, errors.New("booting a guest: no disks given")
	}
	for _, disk := range o.Disks {
		if _, err := os.Stat(disk.Path); err != nil {
			return nil, fmt.Errorf("booting a guest: %w", err)
		}
	}
	program, err := findProgram("qemu-system-x86_64")
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "testguest-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the machine: %w", err)
	}
	m, err := start(ctx, o, program, folder)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return m, nil
}

func start(ctx context.Context, o BootOptions, program, folder string) (*Machine, error) {
	var code, variables string
	if o.Firmware == UEFI {
		var err error
		if code, variables, err = prepareUEFI(folder); err != nil {
			return nil, err
		}
	}
	accelerator := workingAccelerator()
	args, err := qemuArgs(o, accelerator, code, variables)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	m, err := launch(ctx, exec.CommandContext(ctx, program, args...), folder, o.Log)
	if err != nil {
		cancel()
		return nil, err
	}
	m.Accelerator, m.cancel = accelerator, cancel
	return m, nil
}

// launch runs cmd, whose standard input and output are the serial console, and
// which may use folder as long as it runs. ctx is the command's.
func launch(ctx context.Context, cmd *exec.Cmd, folder string, log io.Writer) (*Machine, error) {
	// Snapshots lie in TMPDIR: with the folder, all of them go.
	cmd.Env = append(cmd.Environ(), "TMPDIR="+folder)
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("opening the serial console: %w", err)
	}
	output, outputEnd := io.Pipe()
	cmd.Stdout = outputEnd
	var complaints bytes.Buffer
	cmd.Stderr = &complaints

	m := &Machine{ended: make(chan struct{}), folder: folder, cancel: func() {}}
	m.Console = newConsole(input, output, log)
	go func() {
		defer close(m.ended)
		if err := runOwned(cmd); err != nil && ctx.Err() == nil {
			m.closed = fmt.Errorf("qemu: %w: %s", err, tail(complaints.String(), 2000))
		}
		_ = outputEnd.Close()
	}()
	return m, nil
}

// Close switches the machine off and returns what went wrong with QEMU itself,
// if anything did.
func (m *Machine) Close() error {
	m.closing.Do(func() {
		m.cancel()
		<-m.ended
		m.closed = errors.Join(m.closed, os.RemoveAll(m.folder))
	})
	return m.closed
}

// firmwarePairs are where distributions put OVMF: code and variable template.
var firmwarePairs = [][2]string{
	{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
	{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
	{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
}

// prepareUEFI gives the machine an empty variable store, as a new virtual
// machine has.
func prepareUEFI(folder string) (code, variables string, err error) {
	for _, pair := range firmwarePairs {
		template, err := os.ReadFile(pair[1])
		if err != nil || !exists(pair[0]) {
			continue
		}
		variables = filepath.Join(folder, "variables.fd")
		if err := os.WriteFile(variables, template, 0o600); err != nil {
			return "", "", fmt.Errorf("copying the UEFI variable store: %w", err)
		}
		return pair[0], variables, nil
	}
	return "", "", errors.New("no UEFI firmware found: install it, on Debian: apt-get install ovmf")
}
