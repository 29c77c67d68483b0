package provider

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
	"time"
)

// crashConfig migrates by conversion alone, which needs no appliance.
const crashConfig = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
provider "hyper2kvm" {
  lock_directory = %[3]q
}
resource "hyper2kvm_migration" "test" {
  source   = { type = "raw", path = %[1]q }
  output   = { directory = %[2]q, filename = "web.qcow2" }
  pipeline = { convert = {}, validate = {} }
}
`

// slowQEMUImg puts a qemu-img first in the PATH that begins a conversion and
// then takes for ever, as long as the file "slow" is there.
func slowQEMUImg(t *testing.T) (path, slow string) {
	t.Helper()
	real, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("needs qemu-img")
	}
	directory := t.TempDir()
	slow = filepath.Join(directory, "slow")
	script := fmt.Sprintf("#!/bin/sh\ncase \"$1\" in convert) if [ -e %q ]; then echo '    (10.00/100%%)'; exec sleep 600; fi;; esac\nexec %q \"$@\"\n", slow, real)
	if err := os.WriteFile(filepath.Join(directory, "qemu-img"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(slow, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return directory + ":" + os.Getenv("PATH"), slow
}

// TestAccCrash really interrupts and kills an apply while it converts.
func TestAccCrash(t *testing.T) {
	requireTerraform(t)
	executable := buildProvider(t)
	tests := map[string]struct {
		strike func(t *testing.T, terraform int, mark string)
		within time.Duration
		report bool // a report that says cancelled stays
	}{
		"one Ctrl-C": {func(t *testing.T, pid int, _ string) { signalGroup(t, pid, syscall.SIGINT) }, 15 * time.Second, true},
		"two Ctrl-C": {func(t *testing.T, pid int, _ string) {
			signalGroup(t, pid, syscall.SIGINT)
			signalGroup(t, pid, syscall.SIGINT)
		}, 30 * time.Second, true},
		"Terraform is killed":    {func(t *testing.T, pid int, _ string) { kill(t, pid) }, 30 * time.Second, true},
		"the provider is killed": {func(t *testing.T, _ int, mark string) { killMarked(t, mark, false) }, 30 * time.Second, true},
		"the worker is killed":   {func(t *testing.T, _ int, mark string) { killMarked(t, mark, true) }, 30 * time.Second, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := filepath.Join(t.TempDir(), "disk.raw")
			if err := os.WriteFile(source, make([]byte, 4<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			directory := filepath.Join(t.TempDir(), "images")
			path, slow := slowQEMUImg(t)
			mark := "HOME=" + t.TempDir() // in the environment of all processes of this test
			c := newCLI(t, executable, map[string]string{"main.tf": fmt.Sprintf(crashConfig, source, directory, t.TempDir())}, "PATH="+path, mark)
			cmd := exec.Command("terraform", "apply", "-auto-approve", "-no-color")
			cmd.Dir, cmd.Env = c.directory, c.env
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, time.Minute, "the conversion begins", func() bool { return countMarked(mark, "sleep") == 1 })
			struck := time.Now()
			test.strike(t, cmd.Process.Pid, mark)
			if err := cmd.Wait(); err == nil {
				t.Errorf("the apply succeeded:\n%s", out.String())
			}
			await(t, test.within-time.Since(struck), "all processes end", func() bool { return countMarked(mark, "") == 0 })
			t.Logf("all processes were gone %s after it", time.Since(struck).Round(10*time.Millisecond))

			left := listing(t, directory)
			visible := 0
			for _, file := range left {
				if !strings.HasPrefix(file, ".") && file != "report.json" {
					visible++
				}
			}
			if visible != 0 {
				t.Errorf("%q were left", left)
			}
			if test.report {
				wantText(t, readText(t, filepath.Join(directory, "report.json")), `"cancelled": true`)
				if len(left) != 1 {
					t.Errorf("of the cancelled run there is %q", left)
				}
			}
			if err := os.Remove(slow); err != nil {
				t.Fatal(err)
			}
			if lock := filepath.Join(c.directory, ".terraform.tfstate.lock.info"); name == "Terraform is killed" {
				_ = os.Remove(lock)
			}
			c.run("apply", "-auto-approve", "-no-color")
			c.run("destroy", "-auto-approve", "-no-color")
			if left := listing(t, directory); len(left) != 0 {
				t.Errorf("after the next apply and destroy there is %q", left)
			}
		})
	}
}

func signalGroup(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-pid, signal); err != nil {
		t.Fatal(err)
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// killMarked kills the worker, or the provider that started it.
func killMarked(t *testing.T, mark string, worker bool) {
	t.Helper()
	for pid, arguments := range marked(mark) {
		if strings.Contains(arguments, "terraform-provider-hyper2kvm") && strings.Contains(arguments, "--cancel-on-stdin-close") == worker {
			kill(t, pid)
		}
	}
}

// marked are the processes with an entry in their environment, with their
// arguments.
func marked(entry string) map[int]string {
	found := map[int]string{}
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range environments {
		environment, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(append([]byte{0}, environment...), []byte("\x00"+entry+"\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		arguments, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		if err == nil && len(arguments) > 0 { // a dead one that nobody has reaped has none
			found[pid] = strings.ReplaceAll(string(arguments), "\x00", " ")
		}
	}
	return found
}

func countMarked(mark, arguments string) int {
	count := 0
	for _, of := range marked(mark) {
		if strings.Contains(of, arguments) {
			count++
		}
	}
	return count
}

// await waits until a condition holds.
func await(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not within %s", what, within)
		}
	}
}

// A provider that has nothing to do must not stay when Terraform is killed.
func TestAccCrashOfTerraformWhileTheProviderIdles(t *testing.T) {
	requireTerraform(t)
	mark := "HOME=" + t.TempDir()
	config := fmt.Sprintf(crashConfig, sourceFile(t), t.TempDir(), t.TempDir()) + `
resource "terraform_data" "first" {
  provisioner "local-exec" { command = "exec sleep 600" }
}
`
	config = strings.Replace(config, "  pipeline =", "  depends_on = [terraform_data.first]\n  pipeline =", 1)
	c := newCLI(t, buildProvider(t), map[string]string{"main.tf": config}, mark)
	cmd := exec.Command("terraform", "apply", "-auto-approve", "-no-color")
	cmd.Dir, cmd.Env = c.directory, c.env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, time.Minute, "Terraform waits", func() bool { return countMarked(mark, "sleep 600") == 1 })
	t.Cleanup(func() {
		for pid := range marked(mark) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	await(t, time.Minute, "of the providers one is left", func() bool { return countMarked(mark, "terraform-provider-hyper2kvm") == 1 })
	kill(t, cmd.Process.Pid)
	_ = cmd.Wait()
	await(t, 30*time.Second, "the provider ends", func() bool { return countMarked(mark, "terraform-provider-hyper2kvm") == 0 })
}
