package provider

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const registryAddress = "registry.terraform.io/hyper2kvm/hyper2kvm"

// cli is a directory with a configuration and the real terraform program,
// which starts the provider as a process of its own.
type cli struct {
	t         *testing.T
	directory string
	env       []string
	// within is a command that runs the terraform command line after it.
	within []string
	// program is terraform, or another that has its command line.
	program string
}

// newCLI makes the directory. executable is the provider; it is copied under
// the name by which Terraform finds it.
func newCLI(t *testing.T, executable string, files map[string]string, env ...string) *cli {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("needs the terraform program")
	}
	plugins := t.TempDir()
	if err := os.Symlink(executable, filepath.Join(plugins, "terraform-provider-hyper2kvm")); err != nil {
		t.Fatal(err)
	}
	c := &cli{t: t, directory: t.TempDir(), program: "terraform"}
	settings := filepath.Join(plugins, "terraformrc")
	// The short address is that in the program's own registry.
	files[settings] = fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", "hyper2kvm/hyper2kvm", plugins)
	for name, text := range files {
		if !filepath.IsAbs(name) {
			name = filepath.Join(c.directory, name)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "TF_") && !strings.HasPrefix(entry, "TOFU_") {
			c.env = append(c.env, entry)
		}
	}
	c.env = append(append(c.env, "TF_CLI_CONFIG_FILE="+settings, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", locksVariable+"="+t.TempDir()), env...)
	return c
}

// try runs terraform and returns what it printed.
func (c *cli) try(args ...string) (string, error) {
	words := append(append(slices.Clone(c.within), c.program), args...)
	cmd := exec.CommandContext(c.t.Context(), words[0], words[1:]...)
	cmd.Dir, cmd.Env = c.directory, c.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run is try for what must succeed.
func (c *cli) run(args ...string) string {
	c.t.Helper()
	out, err := c.try(args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", c.program, strings.Join(args, " "), err, out)
	}
	return out
}
