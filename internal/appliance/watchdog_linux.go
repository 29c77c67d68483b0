//go:build cgo

package appliance

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// watchdog kills the appliance when this process dies. libguestfs has a recovery
// process for that, but it is a fork with this process's name: whoever kills all
// processes of that name kills both.
type watchdog struct {
	cmd *exec.Cmd
	end *os.File // kept open as long as this process lives
}

// guard starts the watchdog of a process and of the process group that it leads:
// a QEMU that a script has started goes with the script.
func guard(pid int) (*watchdog, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting the appliance's watchdog: %w", err)
	}
	defer read.Close() //nolint:errcheck // the watchdog has its own
	// It ignores what else ends a terminal's processes.
	cmd := exec.Command("/bin/sh", "-c", `trap "" HUP INT TERM; read -r nothing; kill -9 "-$0"; kill -9 "$0"`, strconv.Itoa(pid))
	cmd.Stdin = read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("starting the appliance's watchdog: %w", err)
	}
	return &watchdog{cmd: cmd, end: write}, nil
}

// dismiss ends the watchdog. The process that it guarded is left alone.
func (w *watchdog) dismiss() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait() // killed, which was meant
	_ = w.end.Close()
}
