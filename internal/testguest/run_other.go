//go:build !linux

package testguest

import (
	"errors"
	"os/exec"
	"runtime"
)

// runOwned refuses: guests are built and booted on Linux.
func runOwned(*exec.Cmd) error {
	return errors.New("test guests are built and booted on Linux only, and this is " + runtime.GOOS)
}
