package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestAccTwoMigrationsWithOnePath(t *testing.T) {
	t.Parallel()
	source, directory := sourceFile(t), t.TempDir()
	two := func(filename, trigger string) string {
		return fmt.Sprintf(`
			resource "hyper2kvm_migration" "test" {
			  count    = 2
			  source   = { type = "vmdk", path = %q }
			  output   = { directory = %q, filename = "%s" }
			  options  = { report = { path = "report-${count.index}.json" } }
			  triggers = { reason = %q }
			}`, source, directory, filename, trigger)
	}
	clash := regexp.MustCompile(`(?s)Two migrations have the same output path.*same.qcow2, too`)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		CheckDestroy:             checkEmpty(directory),
		Steps: []resource.TestStep{
			{Config: two("same.qcow2", "a"), PlanOnly: true, ExpectError: clash},
			{Config: two("${count.index}.qcow2", "a")},
			{Config: two("${count.index}.qcow2", "b")}, // both replaced at their own paths
			{Config: two("same.qcow2", "b"), PlanOnly: true, ExpectError: clash},
			{Config: two("${1 - count.index}.qcow2", "b"), PlanOnly: true, ExpectNonEmptyPlan: true}, // they change places
		},
	})
}
