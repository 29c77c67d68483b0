package provider

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testmount"
)

// exposedWarning is given on file systems that keep no modes.
const exposedWarning = "others may read what this run writes"

// TestAccFileSystems leads migrations through their lives on file systems that
// lack what others have.
func TestAccFileSystems(t *testing.T) {
	requireTerraform(t)
	executable := buildProvider(t)
	for _, kind := range testmount.All() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			mount := kind.Directory(t)
			for name, test := range map[string]func(l *life, kind testmount.FileSystem){
				"life":                 lifeOnFileSystem,
				"killed worker":        func(l *life, _ testmount.FileSystem) { killedOnFileSystem(l, false) },
				"all processes killed": func(l *life, _ testmount.FileSystem) { killedOnFileSystem(l, true) },
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					directory := filepath.Join(mount, strings.ReplaceAll(name, " ", "-"), "images")
					mark := "HOME=" + t.TempDir()
					path, slow := slowQEMUImg(t, "convert")
					l := newLifeIn(t, directory, executable, mark, "PATH="+path)
					l.mark, l.slow = mark, slow
					killAtTheEnd(t, mark)
					test(l, kind)
					// The directories were made for the image and go with it.
					if _, err := os.Lstat(filepath.Dir(directory)); err == nil {
						t.Errorf("the directory was left, with %q", listing(t, filepath.Dir(directory)))
					}
				})
			}
		})
	}
	t.Run("read-only", func(t *testing.T) { t.Parallel(); lifeOnReadOnly(t, executable) })
	t.Run("full", func(t *testing.T) { t.Parallel(); lifeOnFull(t, executable) })
}

func newLifeIn(t *testing.T, directory, executable string, env ...string) *life {
	t.Helper()
	l := &life{source: sparseFile(t, 4<<20), directory: directory, locks: t.TempDir()}
	l.image, l.report = filepath.Join(directory, "web.qcow2"), filepath.Join(directory, "report.json")
	l.cli = newCLI(t, executable, map[string]string{}, env...)
	l.configure("", "")
	return l
}

var published = []string{".report.json.hyper2kvm.json", ".web.qcow2.hyper2kvm.json", "report.json", "web.qcow2"}

// applies applies, and accepts no warning but that the file system keeps no modes.
func (l *life) applies(kind testmount.FileSystem) {
	l.t.Helper()
	out := l.apply()
	warnings := strings.Count(out, "Warning: Migration warning")
	if exposed := strings.Count(out, "Warning: Migration warning in stage load_manifest: "+exposedWarning); warnings != exposed || (exposed == 0) != kind.KeepsModes {
		l.t.Errorf("an apply on %s says:\n%s", kind.Name, out)
	}
	l.holds(published...)
	l.wants(true, "plan", emptyPlan)
}

func lifeOnFileSystem(l *life, kind testmount.FileSystem) {
	t := l.t
	if err := os.Remove(l.slow); err != nil {
		t.Fatal(err)
	}
	l.configure("", `triggers = { reason = "a" }`)
	l.applies(kind)
	first := l.runID()
	l.written()
	l.wants(true, "plan", emptyPlan)
	l.configure("", `triggers = { reason = "b" }`)
	l.applies(kind)
	second := l.runID()
	l.configure("", `
		triggers  = { reason = "c" }
		overwrite = true
		lifecycle { create_before_destroy = true }`)
	l.applies(kind)
	if third := l.runID(); first == second || second == third {
		t.Errorf("one run was not replaced by the next: %s, %s, %s", first, second, third)
	}
	l.configure("", "")
	l.run("state", "rm", address)
	l.wants(false, "apply -auto-approve", "Output file exists", "import it by its path")
	l.holds(published...)
	l.run("import", "-no-color", address, l.image)
	l.apply() // overwrite is no part of a default
	l.wants(true, "plan", emptyPlan)
	l.destroy()
}

// killedOnFileSystem kills the worker, or all there is, while it converts, and
// migrates again.
func killedOnFileSystem(l *life, all bool) {
	t := l.t
	cmd := exec.Command("terraform", "apply", "-auto-approve", "-no-color")
	cmd.Dir, cmd.Env = l.cli.directory, l.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, slowStart, "the apply converts", func() bool {
		last := lastProgress(filepath.Join(l.directory, "progress.json"))
		return last.Stage == report.StageConvert && sleeps(l.mark)
	})
	if all && killAll(l.mark, "terraform-provider-hyper2kvm") < 2 || !all && !killMarked(t, l.mark, true) {
		t.Error("there is no worker")
	}
	if err := cmd.Wait(); err == nil {
		t.Errorf("the apply succeeded:\n%s", out.String())
	}
	awaitNone(t, 30*time.Second, l.mark, "the kill")
	if _, err := os.Lstat(l.image); err == nil {
		t.Error("there is an image")
	}
	if err := os.Remove(l.slow); err != nil {
		t.Fatal(err)
	}
	l.apply()
	l.holds(published...)
	l.wants(true, "plan", emptyPlan)
	// The killed run made the directories, so that they are nobody's now.
	l.destroy()
	l.holds()
	for _, directory := range []string{l.directory, filepath.Dir(l.directory)} {
		if err := os.Remove(directory); err != nil {
			t.Error(err)
		}
	}
}

// A file system that cannot be written is refused before any work, and destroying
// what is on it fails without losing anything.
func lifeOnReadOnly(t *testing.T, executable string) {
	directory := t.TempDir()
	writable := testmount.ReadOnly(t, directory)
	l := newLifeIn(t, directory, executable)
	l.wants(true, "plan", directory+" cannot be written: its file system is mounted read-only")
	l.wants(false, "apply -auto-approve", "stage load_manifest failed", directory+" cannot be written: its file system is mounted read-only", "mount it for writing")
	l.holds()
	writable()
	l.apply()
	again := testmount.ReadOnly(t, directory)
	l.wants(true, "plan", emptyPlan)
	l.wants(false, "destroy -auto-approve", "Unable to delete migrated image", "read-only file system")
	l.holds(published...)
	l.wants(true, "plan", emptyPlan)
	again()
	l.destroy()
	l.holds()
}

// A file system without enough space is refused before any work, and warned of
// at plan.
func lifeOnFull(t *testing.T, executable string) {
	directory := testmount.Tmpfs(t, "size=1m")
	l := newLifeIn(t, directory, executable)
	content := make([]byte, 4<<20)
	_, _ = rand.Read(content)
	if err := os.WriteFile(l.source, content, 0o644); err != nil {
		t.Fatal(err)
	}
	l.wants(true, "plan", "insufficient disk space in "+directory)
	l.wants(false, "apply -auto-approve", "stage load_manifest failed", "insufficient disk space in "+directory, "free space there")
	l.holds("report.json")
	if status := artifact.Check(l.image, artifact.Identity{}); status.State != artifact.StateMissing {
		t.Errorf("the image is %s", status.State)
	}
	l.run("plan", "-no-color")
	// With no block left not even a report can be written.
	if err := os.WriteFile(filepath.Join(directory, "ballast"), make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the file system is not full")
	}
	if err := os.Remove(l.report); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(directory, "ballast"))
	l.wants(false, "apply -auto-approve", "stage load_manifest failed", "no space left on device")
	l.holds("ballast")
	if err := os.Remove(filepath.Join(directory, "ballast")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(l.source, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(l.source, 4<<20); err != nil {
		t.Fatal(err)
	}
	l.apply()
	l.destroy()
	l.holds()
}

// fill appends to a file until nothing more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 16; size > 0; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 16
		}
	}
	_ = file.Close()
}
