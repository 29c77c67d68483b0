package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// isDumb says that a terminal knows no sequences.
func isDumb(environment func(string) string) bool { return environment("TERM") == "dumb" }

// steered makes a console understand sequences, as those of Windows 10 and later can.
func steered(file *os.File) bool {
	var mode uint32
	console := windows.Handle(file.Fd())
	return windows.GetConsoleMode(console, &mode) == nil &&
		windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

func (*terminal) inForeground() bool { return true }

// continued never receives: no program is stopped there.
func continued() (signals chan os.Signal, stop func()) { return nil, func() {} }
