package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// crashConfig is a migration with the given stages.
const crashConfig = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
provider "hyper2kvm" {
  lock_directory = %[3]q
}
variable "checksum" {
  type    = string
  default = null
}
resource "hyper2kvm_migration" "test" {
  source   = { type = %[5]q, path = %[1]q, checksum = var.checksum }
  output   = { directory = %[2]q, filename = "web.qcow2" }
  pipeline = { %[4]s }
}
`

// The stages of crashConfig: conversion alone needs no appliance.
const (
	conversionAlone = "convert = {}, validate = {}"
	allStages       = "inspect = {}, fix = {}, convert = {}, validate = {}"
	bootWithout     = "convert = {}, validate = { boot = { enabled = true, timeout_seconds = 3600 } }"
)

// strike is what befalls an apply.
type strike struct {
	name   string
	do     func(t *testing.T, terraform int, mark string)
	within time.Duration // all processes have ended
	report bool          // a report that says cancelled stays
}

var strikes = []strike{
	{"one Ctrl-C", func(t *testing.T, pid int, _ string) { signalGroup(t, pid, syscall.SIGINT) }, 15 * time.Second, true},
	{"two Ctrl-C", func(t *testing.T, pid int, _ string) {
		signalGroup(t, pid, syscall.SIGINT)
		signalGroup(t, pid, syscall.SIGINT)
	}, 30 * time.Second, true},
	{terraformKilled, func(t *testing.T, pid int, _ string) { kill(t, pid) }, 30 * time.Second, true},
	{providerKilled, func(t *testing.T, _ int, mark string) {
		if !killMarked(t, mark, false) {
			t.Error("there is no provider")
		}
	}, 30 * time.Second, true},
	{"the worker is killed", func(t *testing.T, _ int, mark string) {
		if !killMarked(t, mark, true) {
			t.Error("there is no worker")
		}
	}, 30 * time.Second, false},
	// As by pkill: libguestfs' recovery process has the worker's name.
	{allKilled, func(t *testing.T, _ int, mark string) {
		if killAll(mark, "terraform-provider-hyper2kvm") < 2 {
			t.Error("there is no worker")
		}
	}, 30 * time.Second, false},
}

const (
	terraformKilled = "Terraform is killed"
	providerKilled  = "the provider is killed"
	allKilled       = "all providers are killed"
)

// crashPoint is where an apply is struck. It is there when the last line of
// progress.json says so and, if ready is given, that as well.
type crashPoint struct {
	name  string
	stage string
	doing string // the start of the message, or any
	// blocks is the subcommand of qemu-img that takes for ever.
	blocks string
	// hashes makes load_manifest read a source of many GiB.
	hashes bool
	// guest migrates a real guest, with the appliance.
	guest bool
	// boots has a guest booted that neither comes up nor fails.
	boots bool
	ready func(mark string) bool
}

func sleeps(mark string) bool { return countMarked(mark, "sleep 600") == 1 }

var crashPoints = []crashPoint{
	{name: "load_manifest", stage: report.StageLoadManifest, blocks: "info", ready: sleeps},
	{name: "load_manifest, hashing", stage: report.StageLoadManifest, hashes: true},
	{name: "convert", stage: report.StageConvert, blocks: "convert", ready: sleeps},
	{name: "validate", stage: report.StageValidate, blocks: "check", ready: sleeps},
	{
		name: "validate, booting", stage: report.StageValidate, doing: "booting the guest", boots: true,
		ready: func(mark string) bool { return countMarked(mark, "-display none") == 1 },
	},
	{
		name: "inspect, launching", stage: report.StageInspect, doing: "launching", guest: true,
		ready: func(mark string) bool { return countMarked(mark, "guestfsd.sock") >= 1 },
	},
	{name: "inspect", stage: report.StageInspect, doing: "reading the partition tables", guest: true},
	{name: "fix", stage: report.StageFix, guest: true},
}

// daily is the strike at each point that is part of the daily run. At convert all
// are.
var daily = map[string]string{
	"load_manifest":          "two Ctrl-C",
	"load_manifest, hashing": "one Ctrl-C",
	"validate":               providerKilled,
	"validate, booting":      allKilled,
	"inspect":                "one Ctrl-C",
	"fix":                    terraformKilled,
}

// TestAccCrash really interrupts and kills applies in each of their stages.
// HYPER2KVM_TEST_FULL adds the strikes that are not daily.
func TestAccCrash(t *testing.T) {
	requireTerraform(t)
	executable := buildProvider(t)
	var mutex sync.Mutex
	var table []string
	t.Cleanup(func() {
		slices.Sort(table)
		t.Logf("from the strike until the last process was gone:\n%s", strings.Join(table, "\n"))
	})
	for _, at := range crashPoints {
		t.Run(at.name, func(t *testing.T) {
			if !at.guest { // appliances one after the other: each takes a core
				t.Parallel()
			}
			for _, by := range strikes {
				t.Run(by.name, func(t *testing.T) {
					if at.name != "convert" && daily[at.name] != by.name && os.Getenv("HYPER2KVM_TEST_FULL") == "" {
						t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
					}
					if !at.guest {
						t.Parallel()
					}
					took := crash(t, executable, at, by)
					mutex.Lock()
					defer mutex.Unlock()
					table = append(table, fmt.Sprintf("%-24s %-24s %5.2f s", at.name, by.name, took.Seconds()))
				})
			}
		})
	}
}

// crash strikes one apply and checks that nothing of it stays and that the next
// one succeeds. It returns how long after the strike the last process was gone.
func crash(t *testing.T, executable string, at crashPoint, by strike) time.Duration {
	t.Helper()
	source, format, stages := sparseFile(t, 4<<20), "raw", conversionAlone
	var variables []string
	switch {
	case at.guest:
		source, format, stages = flagship(t), "vmdk", allStages
	case at.boots:
		source, stages = hangingDisk(t), bootWithout
	case at.hashes:
		// No machine hashes it within the time that it may take to cancel.
		source = sparseFile(t, 1<<40)
		variables = []string{"TF_VAR_checksum=sha256:" + strings.Repeat("0", 64)}
	}
	directory, temporary := filepath.Join(t.TempDir(), "images"), shortTempDir(t)
	path, slow := slowQEMUImg(t, at.blocks)
	mark := "PATH=" + path // in the environment of all processes of this test, and only there
	locks := t.TempDir()
	configure := func(stages string) string {
		return fmt.Sprintf(crashConfig, source, directory, locks, stages, format)
	}
	c := newCLI(t, executable, map[string]string{"main.tf": configure(stages)}, mark,
		"HOME="+t.TempDir(), "TMPDIR="+temporary, "XDG_CACHE_HOME="+t.TempDir(), "LIBGUESTFS_CACHEDIR=/var/tmp")
	killAtTheEnd(t, mark)

	cmd := exec.Command("terraform", "apply", "-auto-approve", "-no-color")
	cmd.Dir, cmd.Env = c.directory, append(slices.Clone(c.env), variables...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, 5*time.Minute, "the apply reaches "+at.name, func() bool {
		last := lastProgress(filepath.Join(directory, "progress.json"))
		return last.Stage == at.stage && strings.HasPrefix(last.Message, at.doing) && (at.ready == nil || at.ready(mark))
	})
	struck := time.Now()
	by.do(t, cmd.Process.Pid, mark)
	if err := cmd.Wait(); err == nil {
		t.Errorf("the apply succeeded:\n%s", out.String())
	}
	awaitNone(t, by.within-time.Since(struck), mark, by.name)
	took := time.Since(struck)

	left := listing(t, directory)
	if visible := slices.DeleteFunc(slices.Clone(left), func(name string) bool {
		// Where nobody lives to remove progress.json, the next run does.
		return strings.HasPrefix(name, ".") || name == "report.json" || by.name == allKilled && name == "progress.json"
	}); len(visible) != 0 {
		t.Errorf("%q were left", left)
	}
	if by.report {
		text := readText(t, filepath.Join(directory, "report.json"))
		wantText(t, text, `"cancelled": true`)
		var rep report.Report
		if err := json.Unmarshal([]byte(text), &rep); err != nil || len(rep.Pipeline.Stages) == 0 {
			t.Fatalf("the report cannot be read: %v\n%s", err, text)
		}
		if last := rep.Pipeline.Stages[len(rep.Pipeline.Stages)-1]; last.Name != at.stage || last.Success {
			t.Errorf("struck in %s, it ended in %s", at.stage, last.Name)
		}
		if len(left) != 1 {
			t.Errorf("of the cancelled run there is %q", left)
		}
	}
	if by.name == terraformKilled {
		_ = os.Remove(filepath.Join(c.directory, ".terraform.tfstate.lock.info"))
	} else if state, err := os.ReadFile(filepath.Join(c.directory, "terraform.tfstate")); err == nil && bytes.Contains(state, []byte("hyper2kvm_migration")) {
		t.Errorf("nothing is left to delete, but in state there is %s", state)
	}
	if err := os.Remove(slow); err != nil {
		t.Fatal(err)
	}
	if at.boots || at.guest && os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		// To sweep, the next apply needs no second appliance, and no guest.
		if err := os.WriteFile(filepath.Join(c.directory, "main.tf"), []byte(configure(conversionAlone)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.run("apply", "-auto-approve", "-no-color")
	c.run("destroy", "-auto-approve", "-no-color")
	if left := listing(t, directory); len(left) != 0 {
		t.Errorf("after the next apply and destroy there is %q", left)
	}
	if left := slices.DeleteFunc(listing(t, temporary), func(name string) bool {
		// Struck between making and unlinking it, the appliance's QEMU leaves its file for
		// changes of a read-only disk.
		return at.doing == "launching" && qemuSnapshot.MatchString(name)
	}); len(left) != 0 {
		t.Errorf("in the temporary directory there is %q", left)
	}
	return took
}

// qemuSnapshot is how QEMU calls such files.
var qemuSnapshot = regexp.MustCompile(`^vl\.[A-Za-z0-9]{6}$`)

// slowQEMUImg puts a qemu-img first in the PATH that takes for ever with one
// subcommand, as long as the file "slow" is there.
func slowQEMUImg(t *testing.T, subcommand string) (path, slow string) {
	t.Helper()
	resolved, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("needs qemu-img")
	}
	directory := t.TempDir()
	slow = filepath.Join(directory, "slow")
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = %q ] && [ -e %q ]; then\n  [ \"$1\" = convert ] && echo '    (10.00/100%%)'\n  exec sleep 600\nfi\nexec %q \"$@\"\n",
		subcommand, slow, resolved)
	if err := os.WriteFile(filepath.Join(directory, "qemu-img"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(slow, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return directory + ":" + os.Getenv("PATH"), slow
}

// lastProgress is the last whole line of a progress file, or nothing.
func lastProgress(file string) (last report.Event) {
	text, err := os.ReadFile(file)
	if err != nil {
		return last
	}
	lines := bytes.Split(text, []byte("\n"))
	if len(lines) > 1 {
		_ = json.Unmarshal(lines[len(lines)-2], &last)
	}
	return last
}

// shortTempDir is a directory below which the address of a socket can be.
func shortTempDir(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "crash-") //nolint:usetesting // its path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	return directory
}

func sparseFile(t *testing.T, size int64) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "disk.raw"))
	if err == nil {
		err = file.Truncate(size)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// hangingDisk is started by a BIOS and does nothing ever after.
func hangingDisk(t *testing.T) string {
	t.Helper()
	disk := sparseFile(t, 4<<20)
	file, err := os.OpenFile(disk, os.O_WRONLY, 0)
	if err == nil {
		_, err = file.Write([]byte{0xfa, 0xf4, 0xeb, 0xfd}) // cli; hlt; jmp
	}
	if err == nil {
		_, err = file.WriteAt([]byte{0x55, 0xaa}, 510)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return disk
}

// flagship is the disk of a real guest.
func flagship(t *testing.T) string {
	t.Helper()
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	source, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	return source
}
