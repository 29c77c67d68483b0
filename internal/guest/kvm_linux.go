//go:build cgo

package guest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	kvmDevice = "/dev/kvm"
	// probeTimeout bounds the probe, which takes a tenth of a second where
	// KVM works: broken KVM can also hang.
	probeTimeout = 3 * time.Second
	// probeExit is QEMU's exit status when the probe's program has run: twice
	// the value that it writes, plus one.
	probeExit = 2*probeValue + 1

	probeValue = 0x10
	probePort  = 0xf4
)

// openKVM says why KVM cannot even be opened, or "". The device is kvmDevice but
// for tests.
func openKVM(device string) string {
	file, err := os.OpenFile(device, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "this host has no " + device + " (processor virtualisation is off or the kvm module is not loaded)"
	case errors.Is(err, fs.ErrPermission):
		return device + " may not be opened by this user (on most systems the group kvm may)"
	case err != nil:
		return fmt.Sprintf("%s cannot be opened: %v", device, err)
	}
	_ = file.Close()
	return ""
}

// probeKVM says why KVM does not work for QEMU, or "" when it does. That the
// device can be opened proves nothing (nested virtualisation, missing
// processor features), so a few instructions are run under it.
func probeKVM(ctx context.Context, device, qemu, tempDir string) string {
	if reason := openKVM(device); reason != "" {
		return reason
	}
	if runtime.GOARCH != "amd64" {
		return "" // the launch will tell
	}

	firmware := filepath.Join(tempDir, "probe.bin")
	if err := os.WriteFile(firmware, probeFirmware(), 0o600); err != nil {
		return fmt.Sprintf("it could not be probed: %v", err)
	}
	defer func() { _ = os.Remove(firmware) }()

	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, "-accel", "kvm", "-cpu", "host", "-m", "16",
		"-nodefaults", "-no-user-config", "-display", "none", "-bios", firmware,
		"-device", fmt.Sprintf("isa-debug-exit,iobase=%#x,iosize=4", probePort))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	// It hangs where KVM half works, and must not outlive a killed process. The
	// kernel ends it with the thread that started it, which has to stay for that.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == probeExit:
		return ""
	case ctx.Err() != nil:
		return fmt.Sprintf("a program under KVM did not end within %s", probeTimeout)
	}
	if message := reasonIn(stderr.String()); message != "" {
		return message
	}
	return fmt.Sprintf("QEMU with KVM ended without running a program: %v", err)
}

// probeFirmware is a ROM image whose reset vector writes to the port of the
// debug exit device.
func probeFirmware() []byte {
	rom := make([]byte, 64<<10)
	copy(rom[len(rom)-16:], []byte{
		0xba, probePort, 0x00, // mov dx, probePort
		0xb0, probeValue, // mov al, probeValue
		0xee,       // out dx, al
		0xf4,       // hlt
		0xeb, 0xfd, // jmp to the hlt
	})
	return rom
}

// reasonIn returns the line of QEMU's messages that tells most: the first that
// calls itself an error (an abort's assertion follows it), or the last.
func reasonIn(messages string) string {
	lines := strings.Split(strings.TrimSpace(messages), "\n")
	for _, line := range lines {
		if _, message, ok := strings.Cut(line, "error: "); ok {
			return message
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
