package provider

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// withoutLibrary is the beginning of a command line that runs the rest of it
// where libguestfs cannot be loaded, as on a host that does not have it.
func withoutLibrary(t *testing.T) []string {
	t.Helper()
	known, err := exec.Command("/sbin/ldconfig", "-p").Output()
	if err != nil {
		t.Fatal(err)
	}
	script := "set -e\n"
	for _, line := range regexp.MustCompile(`libguestfs\.so\.0 .*=> (\S+)`).FindAllStringSubmatch(string(known), -1) {
		file, err := filepath.EvalSymlinks(line[1])
		if err != nil {
			t.Fatal(err)
		}
		script += fmt.Sprintf("mount --bind /dev/null %q\n", file)
	}
	if !strings.Contains(script, "mount") {
		t.Fatalf("the loader knows no libguestfs that could be hidden:\n%s", known)
	}
	command := []string{"unshare", "--mount"}
	if os.Geteuid() != 0 {
		command = append(command, "--map-root-user")
	}
	return append(command, "sh", "-c", script+`exec "$@"`, "sh")
}

const libraryConfig = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
variable "pipeline" {
  type = any
}
resource "hyper2kvm_migration" "test" {
  source   = { type = "raw", path = %q }
  output   = { directory = %q, filename = "web.qcow2" }
  pipeline = var.pipeline
}
`

// TestAccWithoutLibrary runs the program where libguestfs is not installed.
func TestAccWithoutLibrary(t *testing.T) {
	requireTerraform(t)
	t.Parallel()
	source := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(source, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(t.TempDir(), "images")
	c := newCLI(t, buildProvider(t), map[string]string{"main.tf": fmt.Sprintf(libraryConfig, source, directory)})
	c.within = withoutLibrary(t)

	const conversion, withFix = `{ convert = {}, validate = {} }`, `{ fix = {}, convert = {} }`
	c.run("validate", "-no-color")
	out, err := c.tryPipeline("plan", conversion)
	if err != nil || strings.Contains(out, "libguestfs") {
		t.Errorf("plan of a conversion: %v\n%s", err, out)
	}
	out, err = c.tryPipeline("plan", withFix)
	if err != nil {
		t.Errorf("plan of a fix: %v\n%s", err, out)
	}
	wantText(t, strings.Join(strings.Fields(out), " "), "Migration would fail on this host", "Install libguestfs (Debian, Ubuntu: libguestfs0")
	out, err = c.tryPipeline("apply", withFix)
	if err == nil {
		t.Errorf("a guest was fixed without libguestfs:\n%s", out)
	}
	wantText(t, strings.Join(strings.Fields(out), " "), "stage load_manifest failed", "pipeline.fix: libguestfs", "cannot be loaded", "libguestfs0")
	if left := listing(t, directory); !slices.Equal(left, []string{"report.json"}) {
		t.Errorf("the failed apply left %q", left)
	}
	if out, err := c.tryPipeline("apply", conversion); err != nil {
		t.Errorf("a conversion without libguestfs: %v\n%s", err, out)
	}
	if left := listing(t, directory); !slices.Contains(left, "web.qcow2") {
		t.Errorf("the conversion made %q", left)
	}
	if out, err := c.tryPipeline("destroy", conversion); err != nil {
		t.Errorf("destroy: %v\n%s", err, out)
	}
}

// tryPipeline is try with a value for the variable pipeline.
func (c *cli) tryPipeline(command, pipeline string) (string, error) {
	args := []string{command, "-no-color", "-var", "pipeline=" + pipeline}
	if command != "plan" {
		args = append(args, "-auto-approve")
	}
	return c.try(args...)
}

// The command says what to install, too.
func TestAccCommandWithoutLibrary(t *testing.T) {
	requireTerraform(t)
	t.Parallel()
	directory := t.TempDir()
	source := filepath.Join(directory, "disk.raw")
	text := fmt.Sprintf(`{"version": "1.0", "source": {"type": "raw", "path": %q}, "output": {"directory": %q}, "pipeline": {"fix": {}}}`,
		source, directory)
	manifest := filepath.Join(directory, "migration.json")
	if err := errors.Join(os.WriteFile(source, make([]byte, 1<<20), 0o600), os.WriteFile(manifest, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	words := append(withoutLibrary(t), buildProvider(t), "--manifest", manifest)
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the command ended with %v", err)
	}
	wantText(t, strings.Join(strings.Fields(string(out)), " "), "pipeline.fix: libguestfs", "libguestfs0")
}
