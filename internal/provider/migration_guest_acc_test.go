package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
// terraform apply with the real engine, a login as the user and under the name
// and address that the configuration gives, terraform destroy.
func TestAccMigrationOfGuest(t *testing.T) {
	t.Parallel()
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
	key, err := testguest.NewKey(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}

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
					  configuration = {
					    users = {
					      create = [{
					        name                = "deploy"
					        uid                 = 1500
					        password_wo         = %q
					        password_wo_version = 1
					        groups              = ["adm"]
					        shell               = "/bin/bash"
					        ssh_authorized_keys = [%q]
					      }]
					    }
					    services = {
					      enable  = ["sshd"]
					      disable = ["open-vm-tools"]
					      mask    = ["networking", "ifup@ens192"]
					    }
					    hostname = { hostname = "renamed", domain = "example.com" }
					    network = {
					      systemd_networkd = [{
					        filename = "10-lan.network"
					        content  = "[Match]\nName=ens192\n\n[Network]\nAddress=%s/24\n"
					      }]
					    }
					  }
					}`, source, directory, cryptWith("x"), key.Public, deployAddress),
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
				Check: func(*terraform.State) error { return checkLogin(t, image, key) },
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
	return factoriesOf(&hyper2kvmProvider{version: "test", executable: buildProvider(t), lockDirectory: t.TempDir()})
}

// deployAddress is the address that the configuration gives to the guest.
const deployAddress = "192.0.2.50"

// checkLogin boots the image on virtio and logs in over SSH.
func checkLogin(t *testing.T, image string, key testguest.Key) error {
	port, err := testguest.FreePort()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	started := time.Now()
	machine, err := testguest.Start(ctx, testguest.BootOptions{
		Disks:    []testguest.BootDisk{{Path: image, Format: "qcow2"}},
		Forwards: []testguest.Forward{{HostPort: port, GuestAddress: deployAddress, GuestPort: 22}},
	})
	if err != nil {
		return err
	}
	defer func() { _ = machine.Close() }() // what counts was seen before
	if state, err := machine.WaitState(ctx, ""); err != nil || state != testguest.StateLogin {
		return fmt.Errorf("the migrated guest reached %q (%w)", state, err)
	}
	t.Logf("login prompt after %s", time.Since(started).Round(time.Second))
	out, err := testguest.Login{User: "deploy", Key: key, Port: port}.Run(ctx, "id; hostname -f; systemctl is-enabled ssh networking")
	t.Logf("over SSH after %s (%v):\n%s", time.Since(started).Round(time.Second), err, out)
	for _, want := range []string{"uid=1500(deploy) gid=1500(deploy) groups=1500(deploy),4(adm)", "renamed.example.com", "enabled\nmasked"} {
		if !strings.Contains(out, want) {
			return fmt.Errorf("the migrated guest does not say %q", want)
		}
	}
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
