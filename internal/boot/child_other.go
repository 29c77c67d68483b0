//go:build !linux

package boot

import (
	"errors"
	"os"
	"os/exec"
)

// Guests are booted on Linux only; elsewhere the package just has to compile.

func bind(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func channel() (ours, theirs *os.File, err error) {
	return nil, nil, errors.New("guests can be booted on Linux only")
}
