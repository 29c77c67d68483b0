package provider

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

const (
	// planTime is what a plan of 100 migrations may take on an idle machine.
	planTime = 6 * time.Second
	// planWork is the processor time for it on a busy one, where the same work
	// takes more than twice as much of it. More than one processor shares it.
	planWork = 15 * time.Second
)

// TestAccManyMigrations measures plans of 100 migrations: one that creates them
// all, with what the real program foresees, and one that refreshes them.
func TestAccManyMigrations(t *testing.T) {
	requireTerraform(t)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := newCLI(t, executable, map[string]string{"main.tf": fmt.Sprintf(`
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
provider "hyper2kvm" {
  max_concurrent = 4
}
resource "hyper2kvm_migration" "test" {
  count  = 100
  source = { type = "vmdk", path = %q }
  output = { directory = "%s/${count.index}" }
}
`, sourceFile(t), t.TempDir())}, programVariable+"="+buildProvider(t))
	c.measurePlan("creates 100 migrations", 2)
	c.run("apply", "-auto-approve", "-no-color")
	c.measurePlan("refreshes 100 migrations", 0)
	c.run("destroy", "-auto-approve", "-no-color")
}

// measurePlan fails if a plan takes too long in each of three tries, by the
// clock and, because other work may have the machine, in processor time.
func (c *cli) measurePlan(what string, exitCode int) {
	c.t.Helper()
	for range 3 {
		cmd := exec.CommandContext(c.t.Context(), "terraform", "plan", "-no-color", "-detailed-exitcode")
		cmd.Dir, cmd.Env = c.directory, c.env
		started := time.Now()
		out, err := cmd.CombinedOutput()
		clock := time.Since(started)
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != exitCode {
			c.t.Fatalf("terraform plan: %v\n%s", err, out)
		}
		// Terraform waits for its providers, so that their time is in it.
		processor := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		c.t.Logf("a plan that %s: %s by the clock, %s of processor time", what, clock.Round(10*time.Millisecond), processor.Round(10*time.Millisecond))
		if clock <= planTime || processor <= planWork {
			return
		}
	}
	c.t.Errorf("a plan that %s takes longer than %s by the clock and %s of processor time", what, planTime, planWork)
}
