package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccMigrationOfGuest is the mission from end to end: a real VMware guest,
// terraform apply with the real engine, the login prompt, terraform destroy.
func TestAccMigrationOfGuest(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs Terraform, libguestfs and QEMU: set TF_ACC=1 or run make testacc")
	}
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	source, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	before := sha256Of(t, source)
	directory := filepath.Join(t.TempDir(), "images")
	image := filepath.Join(directory, "web.qcow2")

	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: realFactories(t),
		CheckDestroy:             checkEmpty(directory),
		Steps: []resource.TestStep{
			{
				Config: fmt.Sprintf(`
					resource "hyper2kvm_migration" "test" {
					  source   = { type = "vmdk", path = %q }
					  output   = { directory = %q, filename = "web.qcow2" }
					  pipeline = {
					    inspect  = { collect_guest_info = true }
					    fix      = { print_fstab = true, remove_vmware_tools = true }
					    convert  = {}
					    validate = {}
					  }
					}`, source, directory),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
						plancheck.ExpectKnownValue(address, tfjsonpath.New("output_path"), knownvalue.StringExact(image)),
					},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("report").AtMapKey("success"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("report").AtMapKey("summary").AtMapKey("successful_stages"), knownvalue.Int64Exact(5)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("guest").AtMapKey("distro"), knownvalue.StringExact("debian")),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("guest").AtMapKey("hostname"), knownvalue.StringExact(recipe.Hostname)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("guest").AtMapKey("firmware"), knownvalue.StringExact("bios")),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("guest").AtMapKey("disk_bus"), knownvalue.StringExact("virtio")),
				},
				Check: func(*terraform.State) error { return checkLogin(t, image) },
			},
		},
	})
	if after := sha256Of(t, source); after != before {
		t.Errorf("the source changed: sha256 %s became %s", before, after)
	}
}

// realFactories serve the provider with the engine that users get.
func realFactories(t *testing.T) map[string]func() (tfprotov6.ProviderServer, error) {
	t.Helper()
	return map[string]func() (tfprotov6.ProviderServer, error){
		"hyper2kvm": providerserver.NewProtocol6WithError(&hyper2kvmProvider{version: "test", executable: buildProvider(t)}),
	}
}

// buildProvider builds the program and returns its path.
func buildProvider(t *testing.T) string {
	t.Helper()
	executable := filepath.Join(t.TempDir(), "terraform-provider-hyper2kvm")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", executable, "../..").CombinedOutput(); err != nil {
		t.Fatalf("building the provider: %v\n%s", err, out)
	}
	return executable
}

// checkLogin boots the image on virtio as far as its login prompt.
func checkLogin(t *testing.T, image string) error {
	result, err := testguest.Boot(t.Context(), testguest.BootOptions{
		Disks: []testguest.BootDisk{{Path: image, Format: "qcow2"}},
	})
	if err != nil {
		return err
	}
	if result.State != testguest.StateLogin {
		return fmt.Errorf("the migrated guest reached %q: %s", result.State, result.Reason)
	}
	t.Logf("login prompt after %s", result.Duration.Round(time.Second))
	return nil
}

func sha256Of(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
