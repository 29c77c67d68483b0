//go:build !linux

package worker

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
)

func detach(*exec.Cmd) error {
	return errors.New("migrations run on Linux only, and this is " + runtime.GOOS +
		"; run Terraform on a Linux machine that can read the source and write the output")
}

// The rest is never reached: detach refuses first.

func awaitExit(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}

func killingSignal(*os.ProcessState) (name string, ok bool) { return "", false }
