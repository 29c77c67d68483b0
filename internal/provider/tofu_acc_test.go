package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// openTofu is the program that make tofu builds. Without it the test is skipped, but
// in the full matrix.
func openTofu(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("../../build/tofu")
	if err != nil {
		t.Fatal(err)
	}
	switch _, err := os.Stat(program); {
	case err == nil:
		return program
	case os.Getenv("HYPER2KVM_TEST_FULL") != "":
		t.Fatalf("%v: make tofu builds it", err)
	default:
		t.Skip("needs OpenTofu: run make tofu, or make testacc-full")
	}
	return ""
}

// lifeUnderTofu has each thing that OpenTofu learnt late: a function of the provider,
// an ephemeral variable and a write-only attribute.
// Its paths are absolute, as those are that an import knows.
const lifeUnderTofu = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
variable "passphrase" {
  type      = string
  ephemeral = true
  default   = %q
}
locals {
  manifest = provider::hyper2kvm::manifest_decode(file("manifest.json"))
}
resource "hyper2kvm_migration" "disk" {
  source   = { type = local.manifest.source.type, path = abspath(local.manifest.source.path), luks_keys = [{ device = "/dev/sda5", key = var.passphrase }] }
  output   = { directory = abspath("images") }
  pipeline = { convert = {}, validate = {} }
}
`

// TestAccOpenTofu migrates, loses the state, takes the image over by its identity and
// destroys it.
func TestAccOpenTofu(t *testing.T) {
	requireTerraform(t)
	program := openTofu(t)
	const passphrase = "horse battery staple"
	c := newCLI(t, buildProvider(t), map[string]string{
		"main.tf":       fmt.Sprintf(lifeUnderTofu, passphrase),
		"manifest.json": `{"version": "1.0", "source": {"type": "raw", "path": "disk.raw"}, "output": {"directory": "unused"}}`,
		"disk.raw":      strings.Repeat("\x00", 1<<20),
	})
	c.program = program
	c.run("apply", "-auto-approve", "-no-color")
	image := filepath.Join(c.directory, "images", "disk.qcow2")
	if _, err := os.Stat(image); err != nil {
		t.Fatal(err)
	}
	if state := readText(t, filepath.Join(c.directory, "terraform.tfstate")); strings.Contains(state, passphrase) {
		t.Error("the state has the passphrase")
	}
	c.run("plan", "-detailed-exitcode", "-no-color") // fails where something is left to do

	c.run("state", "rm", "hyper2kvm_migration.disk")
	block := fmt.Sprintf("import {\n  to       = hyper2kvm_migration.disk\n  identity = { path = %q }\n}\n", image)
	if err := os.WriteFile(filepath.Join(c.directory, "import.tf"), []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := c.run("apply", "-auto-approve", "-no-color"); !strings.Contains(out, "1 imported, 0 added, 0 changed, 0 destroyed") {
		t.Errorf("the import changed something:\n%s", out)
	}
	c.run("destroy", "-auto-approve", "-no-color")
	if _, err := os.Stat(filepath.Dir(image)); !os.IsNotExist(err) {
		t.Errorf("destroying left %s (%v)", filepath.Dir(image), err)
	}
}
