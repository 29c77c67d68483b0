package worker

import (
	"fmt"
	"os"
)

// ExitError says that the child ended without a report.
type ExitError struct {
	// Cause is how it ended: its exit code or the signal that killed it.
	Cause string
	// Output is the end of what it printed, without the manifest's secrets.
	Output string
}

// Error implements error.
func (e *ExitError) Error() string {
	message := "the migration process ended without a report: " + e.Cause
	if e.Output == "" {
		return message + "; it printed nothing"
	}
	return message + "; the end of what it printed:\n" + e.Output
}

func cause(state *os.ProcessState) string {
	if signal, ok := killingSignal(state); ok {
		hint := ""
		if signal == "killed" {
			hint = " (if nobody killed it, the kernel did for want of memory: see the kernel log)"
		}
		return fmt.Sprintf("signal: %s%s", signal, hint)
	}
	return fmt.Sprintf("exit code %d", state.ExitCode())
}
