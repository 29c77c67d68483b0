package provider

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// planTime is what a plan of 100 migrations may take on an idle machine.
const planTime = 3 * time.Second

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

// measurePlan fails if a plan takes too long in each of three tries. Beside
// other work the clock tells little: the processor time is then what the plan
// would take at most on one idle core.
func (c *cli) measurePlan(what string, exitCode int) {
	c.t.Helper()
	var best time.Duration
	for n := range 3 {
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
		if took := min(clock, processor); n == 0 || took < best {
			best = took
		}
		if best <= planTime {
			return
		}
	}
	c.t.Errorf("a plan that %s takes %s", what, best)
}
