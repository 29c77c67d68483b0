package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"libvirt.org/go/libvirtxml"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccLibvirtDomain migrates a guest and starts the domain that the example
// with libvirt describes for it in a real libvirtd, until its login prompt and
// down again as the example's destroy does it.
func TestAccLibvirtDomain(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs Terraform, libguestfs, QEMU and libvirt: set TF_ACC=1 or run make testacc")
	}
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	for firmware, guest := range map[string]string{"bios": testguest.Flagship, "uefi": "debian12-uefi-btrfs"} {
		t.Run(firmware, func(t *testing.T) {
			recipe, err := testguest.Lookup(guest)
			if err != nil {
				t.Fatal(err)
			}
			source, err := testguest.Build(t.Context(), recipe)
			if err != nil {
				t.Fatal(err)
			}
			directory := enterableDirectory(t)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: realFactories(t),
				Steps: []resource.TestStep{{
					Config: fmt.Sprintf(`
						resource "hyper2kvm_migration" "test" {
						  source = { type = "vmdk", path = %q }
						  output = { directory = %q, filename = "web.qcow2" }
						}`, source, directory),
					Check: func(state *terraform.State) error {
						known := state.RootModule().Resources[address].Primary.Attributes
						m := migratedGuest{
							outputPath: known["output_path"], firmware: known["guest.firmware"],
							diskBus: known["guest.disk_bus"], nicModel: known["guest.nic_model"],
						}
						if m.firmware != firmware {
							return fmt.Errorf("the guest's firmware is %q", m.firmware)
						}
						return bootsAsDomain(t, m)
					},
				}},
			})
		})
	}
}

// TestAccLibvirtDomainStarts starts the example's domain for each kind of guest
// with an empty disk: libvirt takes what the example says as it says it.
func TestAccLibvirtDomainStarts(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs QEMU and libvirt: set TF_ACC=1 or run make testacc")
	}
	for name, m := range onLibvirt {
		t.Run(name, func(t *testing.T) {
			m.outputPath = filepath.Join(enterableDirectory(t), "web.qcow2")
			if out, err := exec.CommandContext(t.Context(), "qemu-img", "create", "-f", "qcow2", m.outputPath, "1G").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			domain, err := startExample(t, m)
			if err != nil {
				t.Fatal(err)
			}
			if err := domain.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// bootsAsDomain boots a migrated guest in the example's domain.
func bootsAsDomain(t *testing.T, m migratedGuest) error {
	started := time.Now()
	domain, err := startExample(t, m)
	if err != nil {
		return err
	}
	defer func() {
		if err := domain.Close(); err != nil {
			t.Errorf("ending the domain: %v", err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	if state, err := domain.WaitState(ctx); err != nil || state != testguest.StateLogin {
		return fmt.Errorf("the domain reached %q (%w); console:\n%s", state, err, domain.Console.Text())
	}
	t.Logf("login prompt after %s", time.Since(started).Round(time.Second))
	if err := domain.Shutdown(t.Context(), 4*time.Minute); err != nil {
		return err
	}
	t.Logf("shut off after %s", time.Since(started).Round(time.Second))
	return nil
}

// startExample starts the example's domain for a migrated guest, and looks
// whether libvirt gives back what the example says.
func startExample(t *testing.T, m migratedGuest) (*testguest.Domain, error) {
	t.Helper()
	described := readLibvirtExample(t, "libvirt-domain").domain(m)
	// What every host has, instead of KVM and of a network.
	described.Type, described.CPU.Mode = "qemu", "maximum"
	described.Devices.Interfaces[0].Source = &libvirtxml.DomainInterfaceSource{User: &libvirtxml.DomainInterfaceSourceUser{}}
	text, err := described.Marshal()
	if err != nil {
		return nil, err
	}
	domain, err := testguest.StartDomain(t.Context(), described.Name, text, []string{m.outputPath}, t.Output())
	if err != nil {
		return nil, err
	}
	text, err = domain.Virsh(t.Context(), "dumpxml", described.Name)
	if err != nil {
		return nil, errors.Join(err, domain.Close())
	}
	var running libvirtxml.Domain
	if err := running.Unmarshal(text); err != nil {
		return nil, errors.Join(err, domain.Close())
	}
	if lost := lostValues(reflect.ValueOf(*described), reflect.ValueOf(running), ""); len(lost) > 0 {
		t.Errorf("libvirt does not give back what the example says, which Terraform calls an inconsistent result: %q in\n%s", lost, text)
	}
	return domain, nil
}

// enterableDirectory is a directory that other users can enter, unlike the
// test's own.
func enterableDirectory(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("", "images-") //nolint:usetesting // others can enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(parent); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(parent, 0o711); err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(parent, "images")
	if err := os.Mkdir(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	return directory
}
