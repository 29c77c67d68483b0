package watch

import (
	"os"
	"syscall"
)

// KillDescendants ends all that this process has started and that still runs,
// after a command that failed or was cancelled.
func KillDescendants() {
	for _, pid := range procfs("/proc").descendants(os.Getpid()) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
