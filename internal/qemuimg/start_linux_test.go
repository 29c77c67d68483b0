package qemuimg_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testmount"
)

// TestReadStartOverOpenFile reads where what QEMU wrote is still open when it is
// deleted: on FUSE its folder cannot be removed then.
func TestReadStartOverOpenFile(t *testing.T) {
	requireQEMUImg(t)
	raw := rawImage(t, 4096, 1<<20)
	image := convert(t, raw, "qcow2")
	program, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Fatal(err)
	}
	work, directory := testmount.Bindfs(t), t.TempDir()
	holder := filepath.Join(directory, "holder")
	script := fmt.Sprintf(`#!/bin/sh
%s "$@" || exit
for of; do :; done
exec 3< "${of#of=}"
setsid sleep 600 > /dev/null 2>&1 &
echo $! > %s
`, program, holder)
	if err := os.WriteFile(filepath.Join(directory, "qemu-img"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	t.Cleanup(func() {
		text, err := os.ReadFile(holder)
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})

	got, err := qemuimg.ReadStart(t.Context(), image, 4096, work)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := os.ReadFile(raw.Path); err != nil || !bytes.Equal(got, want[:4096]) {
		t.Errorf("what was read is not the disk's start (%v)", err)
	}
	if left, err := filepath.Glob(filepath.Join(work, "start-*", "*")); err != nil || len(left) != 1 {
		t.Errorf("nothing was open when it was deleted: %q, %v", left, err)
	}
}
