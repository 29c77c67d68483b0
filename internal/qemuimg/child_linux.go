package qemuimg

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindToParent lets the child die with this process, and keeps the terminal's
// Ctrl-C from it: an orderly cancel has to be told from a failed conversion.
func bindToParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit bounds a child that has just been started. This process keeps its own
// limits. What the child allocated before counts too.
func limit(pid int, l limits) error {
	for resource, value := range map[int]uint64{
		unix.RLIMIT_AS:   l.addressSpace,
		unix.RLIMIT_CPU:  l.cpu,
		unix.RLIMIT_CORE: 0,
	} {
		if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: value, Max: value}, nil); err != nil {
			return err
		}
	}
	return nil
}
