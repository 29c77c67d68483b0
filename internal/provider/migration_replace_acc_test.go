package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

func TestAccMigrationReplacement(t *testing.T) {
	t.Parallel()
	source, directory := sourceFile(t), filepath.Join(t.TempDir(), "out")
	image := filepath.Join(directory, "disk.qcow2")
	migration := func(trigger, extra string) string {
		return fmt.Sprintf(`
			resource "hyper2kvm_migration" "test" {
			  source   = { type = "vmdk", path = %q, track = "fingerprint" }
			  output   = { directory = %q }
			  triggers = { reason = %q }
			  %s
			}`, source, directory, trigger, extra)
	}
	action := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
	}
	var run string
	isNew := func(*terraform.State) error {
		was := run
		record, err := recordOf(image)
		if run = record.RunID; err == nil && was == run {
			err = fmt.Errorf("%s is still the old image", image)
		}
		return err
	}
	const swapped = `
		overwrite = true
		lifecycle { create_before_destroy = true }`
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		CheckDestroy:             checkEmpty(directory),
		Steps: []resource.TestStep{
			{Config: migration("a", ""), Check: isNew},
			{Config: migration("b", ""), ConfigPlanChecks: action(plancheck.ResourceActionDestroyBeforeCreate), Check: isNew},
			{
				PreConfig: func() {
					if err := os.WriteFile(source, []byte("KDMV, exported again"), 0o600); err != nil {
						t.Error(err)
					}
				},
				Config: migration("b", ""), ConfigPlanChecks: action(plancheck.ResourceActionDestroyBeforeCreate), Check: isNew,
			},
			// Nothing is lost by an apply that cannot work.
			{
				Config:      migration("c", `lifecycle { create_before_destroy = true }`),
				ExpectError: regexp.MustCompile(`(?s)Output file exists.*create_before_destroy`),
			},
			{Config: migration("b", ""), ConfigPlanChecks: action(plancheck.ResourceActionNoop)},
			{Config: migration("c", swapped), ConfigPlanChecks: action(plancheck.ResourceActionCreateBeforeDestroy), Check: isNew},
			{Config: migration("c", `deletion_protection = true`), ConfigPlanChecks: action(plancheck.ResourceActionUpdate)},
			{Config: migration("d", `deletion_protection = true`), ExpectError: regexp.MustCompile(`protected from deletion`)},
			{Config: migration("c", `deletion_protection = true`), Destroy: true, ExpectError: regexp.MustCompile(`protected from deletion`)},
			{Config: migration("c", ``), ConfigPlanChecks: action(plancheck.ResourceActionUpdate)},
		},
	})
}

// An image that is kept can be taken over again.
func TestAccMigrationKeep(t *testing.T) {
	t.Parallel()
	source, directory := sourceFile(t), t.TempDir()
	config := fmt.Sprintf(`
		resource "hyper2kvm_migration" "test" {
		  source     = { type = "vmdk", path = %q }
		  output     = { directory = %q }
		  on_destroy = "keep"
		}`, source, directory)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		CheckDestroy: func(*terraform.State) error {
			if left := listing(t, directory); len(left) != 4 {
				return fmt.Errorf("of the image, the report and their records, %q were kept", left)
			}
			return nil
		},
		Steps: []resource.TestStep{{Config: config}},
	})
}
