package provider

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

func TestAccMigrationImport(t *testing.T) {
	t.Parallel()
	source, directory := sourceFile(t), t.TempDir()
	config := fmt.Sprintf(`
		resource "hyper2kvm_migration" "test" {
		  metadata = { name = "web", tags = ["a", "b"] }
		  source   = { type = "vmdk", path = %q }
		  output   = { directory = %q, filename = "web.qcow2" }
		  pipeline = { inspect = {}, fix = { fstab_mode = "noop" }, convert = {}, validate = {} }
		}`, source, directory)
	image := filepath.Join(directory, "web.qcow2")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		CheckDestroy:             checkEmpty(directory),
		Steps: []resource.TestStep{
			{Config: config},
			{ResourceName: address, ImportState: true, ImportStateId: image, ImportStateVerify: true},
			{
				ResourceName: address, ImportState: true, ImportStateId: image, ImportStateKind: resource.ImportBlockWithID,
				ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			},
			// Lost by the state, taken over with a block, and with nothing left to do.
			{Config: `removed {
				from = hyper2kvm_migration.test
				lifecycle { destroy = false }
			}`},
			{
				Config: fmt.Sprintf(`import {
					to = hyper2kvm_migration.test
					id = %q
				}
				%s`, image, config),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PostApplyPreRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
			},
		},
	})
}
