package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// lifeConfig is a migration without an appliance.
const lifeConfig = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
provider "hyper2kvm" {
  lock_directory = %[3]q
  max_concurrent = 1
}
resource "hyper2kvm_migration" "test" {
  source   = { type = "raw", path = %[1]q, %[4]s }
  output   = { directory = %[2]q, filename = "web.qcow2" }
  pipeline = { convert = {}, validate = {} }
  %[5]s
}
`

// life is a migration by the real provider under the real Terraform.
type life struct {
	*cli
	source, directory, image, report, locks string
	mark, slow                              string // where processes are killed
}

// newLife migrates once.
func newLife(t *testing.T, executable, ofSource, extra string, env ...string) *life {
	t.Helper()
	l := &life{source: sparseFile(t, 4<<20), directory: filepath.Join(t.TempDir(), "images"), locks: t.TempDir()}
	l.image, l.report = filepath.Join(l.directory, "web.qcow2"), filepath.Join(l.directory, "report.json")
	l.cli = newCLI(t, executable, map[string]string{}, env...)
	l.configure(ofSource, extra)
	return l
}

// configure writes the configuration, with more attributes of the source and
// of the resource.
func (l *life) configure(ofSource, extra string) {
	l.t.Helper()
	text := fmt.Sprintf(lifeConfig, l.source, l.directory, l.locks, ofSource, extra)
	if err := os.WriteFile(filepath.Join(l.cli.directory, "main.tf"), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) apply() string   { l.t.Helper(); return l.run("apply", "-auto-approve", "-no-color") }
func (l *life) destroy() string { l.t.Helper(); return l.run("destroy", "-auto-approve", "-no-color") }

// wants runs terraform, which succeeds or not, and looks for texts in what it
// prints, wherever Terraform has broken the lines.
func (l *life) wants(succeeds bool, command string, parts ...string) {
	l.t.Helper()
	out, err := l.try(append(strings.Fields(command), "-no-color")...)
	if (err == nil) != succeeds {
		l.t.Errorf("terraform %s: %v\n%s", command, err, out)
	}
	out = strings.Join(strings.Fields(strings.NewReplacer("│", "", "╷", "", "╵", "").Replace(out)), " ")
	wantText(l.t, out, parts...)
}

const (
	emptyPlan    = "No changes."
	planCreates  = "hyper2kvm_migration.test will be created"
	planReplaces = "hyper2kvm_migration.test must be replaced"
)

func (l *life) holds(want ...string) {
	l.t.Helper()
	if diff := cmp.Diff(want, listing(l.t, l.directory)); diff != "" {
		l.t.Errorf("the output directory (-want +got):\n%s", diff)
	}
}

func (l *life) runID() string {
	l.t.Helper()
	record, err := recordOf(l.image)
	if err != nil {
		l.t.Fatal(err)
	}
	return record.RunID
}

// TestAccLife leads migrations by the real provider through what may happen to
// them.
func TestAccLife(t *testing.T) {
	requireTerraform(t)
	executable := buildProvider(t)
	for name, test := range map[string]func(t *testing.T, executable string){
		"failure":        lifeFails,
		"read":           lifeRead,
		"another host":   lifeOnAnotherHost,
		"drift":          lifeDrifts,
		"image in use":   lifeInUse,
		"protection":     lifeProtected,
		"what is not it": lifeAmongOthers,
		"keep, import":   lifeKept,
		"replacement":    lifeReplaced,
		"changed source": lifeOfAChangedSource,
		"progress":       lifeInTheLog,
		"one path":       lifeOfTwoAtOnePath,
		"two runs":       lifeOfTwoRuns,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, executable) })
	}
}

// A failure leaves its report, and nothing in state.
func lifeFails(t *testing.T, executable string) {
	directory := t.TempDir()
	damaged := filepath.Join(directory, "damaged")
	resolved, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = check ] && [ -e %q ]; then echo '{\"corruptions\": 3}'; exit 2; fi\nexec %q \"$@\"\n", damaged, resolved)
	for name, text := range map[string]string{filepath.Join(directory, "qemu-img"): script, damaged: ""} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	l := newLife(t, executable, "", "", "PATH="+directory+":"+os.Getenv("PATH"))
	l.wants(false, "apply -auto-approve", "stage validate failed")
	l.holds("report.json")
	l.wants(true, "plan", planCreates)
	if err := os.Remove(damaged); err != nil {
		t.Fatal(err)
	}
	l.apply()
	l.wants(true, "plan", emptyPlan)
	l.destroy()
	l.holds()
}

// TestAccFailureThatLeavesAnImage has the test engine: the real one leaves none.
// What it left is in state, to be deleted.
func TestAccFailureThatLeavesAnImage(t *testing.T) {
	requireTerraform(t)
	t.Parallel()
	fake, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l := newLife(t, fake, "", fmt.Sprintf("metadata = { owner = %q }", fakeLeaves))
	l.wants(false, "apply -auto-approve", "stage convert failed")
	l.holds(".report.json.hyper2kvm.json", ".web.qcow2.hyper2kvm.json", "report.json", "web.qcow2")
	l.wants(true, "plan", "hyper2kvm_migration.test is tainted, so must be replaced")
	l.configure("", "")
	l.apply()
	l.wants(true, "plan", emptyPlan)
	l.destroy()
	l.holds()
}

func lifeRead(t *testing.T, executable string) {
	l := newLife(t, executable, "", "")
	l.apply()
	record, err := recordOf(l.image)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(l.image)
	if err != nil {
		t.Fatal(err)
	}
	if record.RunID == "" || record.ManifestDigest == "" || record.File.Inode == 0 || record.File.Size != info.Size() ||
		!record.File.Modified.Equal(info.ModTime()) || record.HostID != artifact.HostID() || record.Tools["qemu-img"] == "" {
		t.Errorf("the ownership record lacks something: %+v", record)
	}

	away := l.directory + ".away"
	if err := os.Rename(l.directory, away); err != nil {
		t.Fatal(err)
	}
	l.wants(false, "plan", "Unable to find out whether an image exists", "mount its file system")
	if err := os.Symlink(filepath.Base(l.directory), l.directory); err != nil {
		t.Fatal(err)
	}
	l.wants(false, "plan", "Unable to find out whether an image exists", "cannot be looked at")
	if err := os.Remove(l.directory); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, l.directory); err != nil {
		t.Fatal(err)
	}
	l.wants(true, "plan", emptyPlan)
	if err := os.Remove(l.image); err != nil {
		t.Fatal(err)
	}
	l.wants(true, "plan", planCreates)
	l.apply()
	l.destroy()
}

// The state of another host is that of this one with another id in it.
func lifeOnAnotherHost(t *testing.T, executable string) {
	l := newLife(t, executable, "", "")
	l.apply()
	file := filepath.Join(l.cli.directory, "terraform.tfstate")
	var state map[string]any
	if err := json.Unmarshal([]byte(readText(t, file)), &state); err != nil {
		t.Fatal(err)
	}
	resources, _ := state["resources"].([]any)
	for _, resource := range resources {
		instances, _ := resource.(map[string]any)["instances"].([]any)
		for _, each := range instances {
			var private []byte
			object, _ := each.(map[string]any)
			if err := json.Unmarshal([]byte(fmt.Sprintf("%q", object["private"])), &private); err != nil {
				t.Fatal(err)
			}
			object["private"] = editIdentity(t, private, func(i *artifact.Identity) { i.HostID = "another" })
		}
	}
	text, err := json.Marshal(state)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	away := l.directory + ".away"
	if err := errors.Join(os.Rename(l.directory, away), os.Mkdir(l.directory, 0o700)); err != nil {
		t.Fatal(err)
	}
	l.wants(true, "plan", emptyPlan, "Image cannot be seen from here", "not on this host")
	// Storage that both hosts see, from which somebody deleted the image.
	if err := errors.Join(os.Remove(l.directory), os.Rename(away, l.directory), os.Remove(l.image), os.Remove(artifact.RecordPath(l.image))); err != nil {
		t.Fatal(err)
	}
	l.wants(true, "plan", planCreates)
}

// written writes to the image, as a virtual machine does that boots from it.
func (l *life) written() {
	l.t.Helper()
	file, err := os.OpenFile(l.image, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = file.WriteString("written by a machine")
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// A machine that boots from an image changes it.
func lifeDrifts(t *testing.T, executable string) {
	l := newLife(t, executable, "", "")
	l.apply()
	l.written()
	l.wants(true, "plan", emptyPlan)
	l.destroy()
	l.configure("", `drift_detection = "checksum"`)
	l.apply()
	l.wants(true, "plan", emptyPlan)
	l.written()
	l.wants(true, "plan", planReplaces)
	l.destroy()
	l.holds()
}

func lifeInUse(t *testing.T, executable string) {
	l := newLife(t, executable, "", "")
	l.apply()
	qemu := exec.CommandContext(t.Context(), "qemu-io", "-f", "qcow2", l.image)
	input, err := qemu.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	qemu.Stdout, qemu.Stderr = io.Discard, io.Discard
	if err := qemu.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, slowStart, "QEMU opens the image", func() bool { return artifact.InUse(l.image) })
	l.wants(true, "plan -destroy", l.image+" (in use now")
	l.wants(false, "destroy -auto-approve", "is in use", "stop the machine first")
	l.holds(".report.json.hyper2kvm.json", ".web.qcow2.hyper2kvm.json", "report.json", "web.qcow2")
	if err := input.Close(); err != nil {
		t.Fatal(err)
	}
	if err := qemu.Wait(); err != nil {
		t.Fatal(err)
	}
	l.destroy()
	l.holds()
}

func lifeProtected(t *testing.T, executable string) {
	l := newLife(t, executable, "", "deletion_protection = true")
	l.apply()
	l.wants(false, "plan -destroy", "protected from deletion")
	l.wants(false, "plan -replace=hyper2kvm_migration.test", "protected from deletion", "Replacing this resource")
	l.wants(false, "destroy -auto-approve", "protected from deletion")
	l.configure("", `
		deletion_protection = true
		triggers            = { reason = "new" }`)
	l.wants(false, "plan", "protected from deletion")
	if _, err := os.Stat(l.image); err != nil {
		t.Error(err)
	}
	l.configure("", "")
	l.apply()
	l.wants(true, "plan -destroy", "Destroying deletes the migrated image", l.image, l.report)
	l.destroy()
	l.holds()
}

// What is not the migration's stays, at its path, too.
func lifeAmongOthers(t *testing.T, executable string) {
	l := newLife(t, executable, "", "")
	l.apply()
	if err := os.Remove(l.image); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{l.image, filepath.Join(l.directory, "notes.txt")} {
		if err := os.WriteFile(path, []byte("somebody else's"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.wants(false, "destroy -auto-approve", l.image+" was not deleted", "is not the file that run")
	if text := readText(t, l.image); text != "somebody else's" {
		t.Errorf("somebody else's file was touched: %q", text)
	}
	if _, err := os.Stat(filepath.Join(l.directory, "notes.txt")); err != nil {
		t.Error(err)
	}
}

func lifeKept(t *testing.T, executable string) {
	l := newLife(t, executable, "", `on_destroy = "keep"`)
	l.apply()
	l.wants(true, "plan -destroy", "Destroying keeps the migrated image", l.image)
	l.destroy()
	l.holds(".report.json.hyper2kvm.json", ".web.qcow2.hyper2kvm.json", "report.json", "web.qcow2")
	l.wants(false, "apply -auto-approve", "Output file exists", "import it by its path")
	l.run("import", "-no-color", address, l.image)
	l.apply() // on_destroy is no part of what the record tells
	l.wants(true, "plan", emptyPlan)
	l.configure("", "")
	l.run("state", "rm", address)
	l.run("import", "-no-color", address, l.image)
	l.wants(true, "plan", emptyPlan)
	l.destroy()
	l.holds()
}

func lifeReplaced(t *testing.T, executable string) {
	l := newLife(t, executable, "", `triggers = { reason = "a" }`)
	l.apply()
	first := l.runID()
	l.configure("", `triggers = { reason = "b" }`)
	l.wants(true, "plan", planReplaces, "Replacement deletes the migrated image", l.image, "create_before_destroy")
	l.apply()
	second := l.runID()
	if first == second {
		t.Error("the image was not replaced")
	}
	const before = `
		triggers = { reason = "c" }
		lifecycle { create_before_destroy = true }`
	l.configure("", before)
	l.wants(false, "apply -auto-approve", "Output file exists", "create_before_destroy", "set overwrite = true")
	if l.runID() != second {
		t.Error("an apply that cannot work has touched the image")
	}
	l.configure("", "overwrite = true"+before)
	l.apply()
	if l.runID() == second {
		t.Error("the image was not exchanged")
	}
	l.destroy()
	if _, err := os.Lstat(l.directory); err == nil {
		t.Errorf("the directory that was made for the first image is still there, with %q", listing(t, l.directory))
	}
}

func lifeOfAChangedSource(t *testing.T, executable string) {
	const zeros = "sha256:bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8" // of 4 MiB
	l := newLife(t, executable, "", "")
	l.apply()
	export := func(text string) {
		t.Helper()
		if err := os.WriteFile(l.source, append([]byte(text), make([]byte, 4<<20)...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	export("again")
	l.wants(true, "plan", emptyPlan)
	l.destroy()
	l.configure(`track = "fingerprint"`, "")
	l.apply()
	l.wants(true, "plan", emptyPlan)
	export("and again")
	l.wants(true, "plan", planReplaces, "source_fingerprint")
	l.apply()
	l.wants(true, "plan", emptyPlan)
	export("")
	l.configure(fmt.Sprintf("checksum = %q", zeros), "")
	l.wants(true, "plan", planReplaces)
	l.apply()
	l.wants(true, "plan", emptyPlan)
	l.destroy()
	l.holds()
}
