package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"libvirt.org/go/libvirtxml"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/libvirt"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccLibvirtDomain migrates guests and starts what the example with libvirt
// describes for them, and then what the function libvirt_domain_xml does, in a
// real libvirtd, until the login prompt and down again as the example's destroy
// does it.
func TestAccLibvirtDomain(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs Terraform, libguestfs, QEMU and libvirt: set TF_ACC=1 or run make testacc")
	}
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	for _, test := range []struct {
		name, guest, firmware string
		disks                 int
	}{
		{"bios", testguest.Flagship, "bios", 1},
		{"uefi", "debian12-uefi-btrfs", "uefi", 1},
		{"two disks", "debian12-bios-two-disks", "bios", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			recipe, err := testguest.Lookup(test.guest)
			if err != nil {
				t.Fatal(err)
			}
			disks, err := testguest.BuildDisks(t.Context(), recipe, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			directory, own := enterableDirectory(t), startLibvirt(t)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: realFactories(t),
				Steps: []resource.TestStep{{
					Config: fmt.Sprintf(`
						resource "hyper2kvm_migration" "test" {
						  source = { type = "vmx", path = %q }
						  output = { directory = %q, filename = "web.qcow2", mode = "0640" }
						}
						output "xml" {
						  value = provider::hyper2kvm::libvirt_domain_xml(hyper2kvm_migration.test.machine)
						}`, machineOf(t, disks), directory),
					Check: func(state *terraform.State) error {
						known := state.RootModule().Resources[address].Primary.Attributes
						said, err := report.Read(known["report_path"])
						if err != nil {
							return err
						}
						m := migratedGuest{outputPath: known["output_path"], machine: *said.NewMachine}
						if m.machine.Firmware != test.firmware || len(m.machine.Disks) != test.disks {
							return fmt.Errorf("the new machine is %+v", m.machine)
						}
						if err := bootsAsDomain(t, func() (*testguest.Domain, error) { return startExample(t, own, m) }); err != nil {
							return fmt.Errorf("the example: %w", err)
						}
						written := state.RootModule().Outputs["xml"].Value
						xml, ok := written.(string)
						if !ok {
							return fmt.Errorf("the function's value is %T", written)
						}
						if err := bootsAsDomain(t, func() (*testguest.Domain, error) { return startWritten(t, own, m, xml) }); err != nil {
							return fmt.Errorf("libvirt_domain_xml: %w", err)
						}
						return nil
					},
				}},
			})
		})
	}
}

// machineOf is the description of a machine with the disks.
func machineOf(t *testing.T, disks []string) string {
	t.Helper()
	directory := t.TempDir()
	text := "config.version = \"8\"\ndisplayName = \"web 01\"\nnumvcpus = \"2\"\nmemsize = \"1024\"\n" +
		"ethernet0.present = \"TRUE\"\nethernet0.addressType = \"static\"\nethernet0.address = \"00:50:56:9a:0c:01\"\n"
	for n, disk := range disks {
		name := fmt.Sprintf("disk%d.vmdk", n)
		if out, err := exec.CommandContext(t.Context(), "cp", "--reflink=auto", "--sparse=always", disk, filepath.Join(directory, name)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		text += fmt.Sprintf("scsi0:%d.present = \"TRUE\"\nscsi0:%d.fileName = %q\n", n, n, name)
	}
	path := filepath.Join(directory, "web.vmx")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAccLibvirtDomainStarts starts the example's domain for each kind of guest
// with empty disks, and the one that is written of the same machine: libvirt takes
// what the example says as it says it.
func TestAccLibvirtDomainStarts(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs QEMU and libvirt: set TF_ACC=1 or run make testacc")
	}
	t.Parallel()
	own := startLibvirt(t)
	for name, m := range onLibvirt {
		t.Run(name, func(t *testing.T) {
			directory := enterableDirectory(t)
			m.machine.TPM = false // that needs swtpm, which not every host has
			m.machine.Disks = slices.Clone(m.machine.Disks)
			for n, disk := range m.machine.Disks {
				path := filepath.Join(directory, filepath.Base(disk.Path))
				m.machine.Disks[n].Path = path
				if out, err := exec.CommandContext(t.Context(), "qemu-img", "create", "-f", "qcow2", path, "1G").CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			text, err := libvirt.DomainXML(m.machine)
			if err != nil {
				t.Fatal(err)
			}
			for _, start := range []func() (*testguest.Domain, error){
				func() (*testguest.Domain, error) { return startExample(t, own, m) },
				func() (*testguest.Domain, error) { return startWritten(t, own, m, text) },
			} {
				domain, err := start()
				if err != nil {
					t.Fatal(err)
				}
				if err := domain.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// startLibvirt starts a libvirtd for the test.
func startLibvirt(t *testing.T) *testguest.Libvirt {
	t.Helper()
	own, err := testguest.StartLibvirt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
	return own
}

// bootsAsDomain boots a migrated guest in a domain.
func bootsAsDomain(t *testing.T, start func() (*testguest.Domain, error)) error {
	started := time.Now()
	domain, err := start()
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
func startExample(t *testing.T, own *testguest.Libvirt, m migratedGuest) (*testguest.Domain, error) {
	t.Helper()
	described := readLibvirtExample(t, "libvirt-domain").domain(m)
	if nvram := described.OS.NVRam; nvram != nil {
		// The system's daemon has made that directory, as the user of its QEMU.
		directory := filepath.Join(filepath.Dir(m.machine.Disks[0].Path), "nvram")
		if err := errors.Join(os.MkdirAll(directory, 0o755), os.Chmod(directory, 0o777)); err != nil {
			return nil, err
		}
		nvram.NVRam = filepath.Join(directory, filepath.Base(nvram.NVRam))
	}
	domain, err := startAnywhere(t, own, m, described)
	if err != nil {
		return nil, err
	}
	text, err := domain.Virsh(t.Context(), "dumpxml", described.Name)
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

// startWritten starts the domain of the XML that is written for a migrated guest.
func startWritten(t *testing.T, own *testguest.Libvirt, m migratedGuest, text string) (*testguest.Domain, error) {
	t.Helper()
	var described libvirtxml.Domain
	if err := described.Unmarshal(text); err != nil {
		return nil, err
	}
	return startAnywhere(t, own, m, &described)
}

// startAnywhere starts a domain with what every host has, instead of KVM and of a
// network.
func startAnywhere(t *testing.T, own *testguest.Libvirt, m migratedGuest, described *libvirtxml.Domain) (*testguest.Domain, error) {
	t.Helper()
	described.Type, described.CPU.Mode = "qemu", "maximum"
	for n := range described.Devices.Interfaces {
		described.Devices.Interfaces[n].Source = &libvirtxml.DomainInterfaceSource{User: &libvirtxml.DomainInterfaceSourceUser{}}
	}
	text, err := described.Marshal()
	if err != nil {
		return nil, err
	}
	var images []string
	for _, disk := range m.machine.Disks {
		images = append(images, disk.Path)
	}
	return own.StartDomain(t.Context(), described.Name, text, images, t.Output())
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
