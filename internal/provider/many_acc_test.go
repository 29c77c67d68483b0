package provider

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestAccManyMigrations measures a plan with refresh of 100 migrations. On an
// idle machine it takes well under three seconds; the bound is for busy ones.
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
`, sourceFile(t), t.TempDir())})
	c.run("apply", "-auto-approve", "-no-color")
	started := time.Now()
	c.run("plan", "-no-color", "-detailed-exitcode")
	took := time.Since(started)
	t.Logf("plan and refresh of 100 migrations: %s", took.Round(10*time.Millisecond))
	if took > 10*time.Second {
		t.Errorf("plan and refresh took %s", took)
	}
	c.run("destroy", "-auto-approve", "-no-color")
}
