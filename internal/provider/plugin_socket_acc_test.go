package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAccTemporaryDirectory: where no socket can be made in TMPDIR, the provider
// starts all the same, and a plan says what else is wrong with it.
func TestAccTemporaryDirectory(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests need TF_ACC=1")
	}
	deep := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	config := fmt.Sprintf(`
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
resource "hyper2kvm_migration" "disk" {
  source = { type = "raw", path = %q }
  output = { directory = %q }
}`, filepath.Join(t.TempDir(), "disk.raw"), t.TempDir())
	for directory, want := range map[string]string{missing: "TMPDIR", deep: "source path not found"} {
		c := newCLI(t, buildProvider(t), map[string]string{"main.tf": config}, "TMPDIR="+directory, "XDG_RUNTIME_DIR=")
		c.run("validate")
		if text := c.run("plan"); !strings.Contains(text, want) {
			t.Errorf("with TMPDIR=%s, the plan lacks %q:\n%s", directory, want, text)
		}
	}
}
