package provider

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// plannedConfig has an inspection and two migrations of one guest, one of a system
// that it does not have.
const plannedConfig = `
terraform {
  required_providers {
    hyper2kvm = { source = "hyper2kvm/hyper2kvm" }
  }
}
data "hyper2kvm_inspection" "web" {
  source = { type = "vmdk", path = %[1]q }
}
resource "hyper2kvm_migration" "web" {
  source   = { type = "vmdk", path = %[1]q }
  output   = { directory = %[2]q }
  pipeline = { inspect = {}, fix = {}, convert = {}, validate = {} }
}
resource "hyper2kvm_migration" "other" {
  source   = { type = "vmdk", path = %[1]q, root = "/dev/sdb9" }
  output   = { directory = "%[2]s-other" }
  pipeline = { inspect = {}, fix = {}, convert = {}, validate = {} }
}
output "guest" {
  value = "${data.hyper2kvm_inspection.web.inspected_by}: ${data.hyper2kvm_inspection.web.guest.product_name}"
}
`

// TestAccPlanLooksIntoTheGuest plans on a host without libguestfs: the plan knows
// the guest, and what stands in the way of its migration.
func TestAccPlanLooksIntoTheGuest(t *testing.T) {
	requireTerraform(t)
	recipe, err := testguest.Lookup("debian12-bios-no-virtio")
	if err != nil {
		t.Fatal(err)
	}
	source, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(t.TempDir(), "images")
	c := newCLI(t, buildProvider(t), map[string]string{"main.tf": fmt.Sprintf(plannedConfig, source, directory)}, "TF_LOG_PROVIDER=INFO")
	c.within = withoutLibrary(t)
	var out, said string
	// A plan that a busy host holds up does not wait for what it has not yet seen.
	for tried := 0; tried < 3 && !strings.Contains(said, "The guest of "); tried++ {
		started := time.Now()
		if out, err = c.try("plan", "-no-color"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("planned after %s", time.Since(started))
		// Log lines lie between those of the plan.
		said = strings.Join(strings.Fields(regexp.MustCompile(`[│╷╵]`).ReplaceAllString(out, " ")), " ")
	}
	wantText(t, said,
		"The guest of "+source+" is Debian GNU/Linux 12 (bookworm), x86_64, BIOS, host name ",
		`guest = "direct: Debian GNU/Linux 12 (bookworm)"`,
		"Migration would fail on this host: source.root: /dev/sdb9 is not the root of one operating system",
		"Migration would fail on this host: libguestfs",
	)
	if strings.Contains(said, "Concerns about") {
		t.Errorf("a guest without any gives cause for concerns: %s", out)
	}
}
