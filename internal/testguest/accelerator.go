package testguest

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"time"
)

// kvmTrial is how long a machine without disks has to print its first line
// under KVM. Where KVM works, it takes well under a second.
const kvmTrial = 10 * time.Second

var kvmWorks = sync.OnceValue(func() bool {
	if !exists("/dev/kvm") {
		return false
	}
	// Opening /dev/kvm proves little: nested or filtered KVM aborts or hangs
	// as soon as a processor runs. So let one run.
	ctx, cancel := context.WithTimeout(context.Background(), kvmTrial)
	defer cancel()
	program, err := findProgram("qemu-system-x86_64")
	if err != nil {
		return false
	}
	folder, err := os.MkdirTemp("", "testguest-kvm-")
	if err != nil {
		return false
	}
	m, err := launch(ctx, exec.CommandContext(ctx, program,
		"-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35,graphics=off",
		"-accel", "kvm", "-cpu", "host", "-smp", "2", "-m", "128",
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"), folder, nil)
	if err != nil {
		return false
	}
	_, _, err = m.Console.Expect(ctx, regexp.MustCompile(`No bootable device`))
	cancel()
	_ = m.Close()
	return err == nil
})

// workingAccelerator returns kvm where it really runs a machine, else tcg.
func workingAccelerator() string {
	if kvmWorks() {
		return "kvm"
	}
	return "tcg"
}
