//go:build unix

package cli

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// isDumb says that a terminal knows no sequences.
func isDumb(environment func(string) string) bool {
	name := environment("TERM")
	return name == "" || name == "dumb"
}

// steered makes a terminal understand sequences.
func steered(*os.File) bool { return true }

// inForeground says that what the terminal shows is this program's, and not that of a
// shell which has sent it to the background.
func (t *terminal) inForeground() bool {
	group, err := unix.IoctlGetInt(int(t.file.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// continued receives when the program goes on after a while in which it was stopped.
func continued() (signals chan os.Signal, stop func()) {
	signals = make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGCONT)
	return signals, func() { signal.Stop(signals) }
}
