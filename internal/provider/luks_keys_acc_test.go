package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// TestAccMigrationWithLUKSKey gives the key by an ephemeral variable, which
// Terraform itself keeps out of every file.
func TestAccMigrationWithLUKSKey(t *testing.T) {
	t.Parallel()
	source, directory := sourceFile(t), t.TempDir()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		Steps: []resource.TestStep{{
			Config: fmt.Sprintf(`
				variable "passphrase" {
				  type      = string
				  ephemeral = true
				  default   = %q
				}
				resource "hyper2kvm_migration" "test" {
				  metadata = { owner = %q }
				  source   = { type = "vmdk", path = %q, luks_keys = [{ device = "/dev/sda5", key = var.passphrase }] }
				  output   = { directory = %q }
				}`, luksKey, fakeUnlocks, source, directory),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			Check: func(state *terraform.State) error {
				text, err := json.Marshal(state)
				if err == nil && strings.Contains(string(text), luksKey) {
					err = errors.New("the state holds the key")
				}
				return err
			},
		}},
	})
}
