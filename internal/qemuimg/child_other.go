//go:build !linux

package qemuimg

import "os/exec"

// Migrations run on Linux only; elsewhere the package just has to compile.

func bindToParent(*exec.Cmd) {}

func limit(int, limits) error { return nil }
