package provider

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestAccMigrationOfSeveralDisks plans, applies and destroys a machine that
// starts from the second disk of its package: the image with the planned path
// is that disk's.
func TestAccMigrationOfSeveralDisks(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs Terraform and qemu-img: set TF_ACC=1 or run make testacc")
	}
	data, system := smallDisk(t, "the data", false), smallDisk(t, "the system", true)
	ova, directory := packageOf(t, data, system), filepath.Join(t.TempDir(), "images")
	boot, second := filepath.Join(directory, "db01.qcow2"), filepath.Join(directory, "db01-disk2.qcow2")
	artifact := func(n int, path string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, tfjsonpath.New("artifacts").AtSliceIndex(n).AtMapKey("path"), knownvalue.StringExact(path))
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: realFactories(t),
		CheckDestroy:             checkEmpty(directory),
		Steps: []resource.TestStep{{
			Config: fmt.Sprintf(`
				resource "hyper2kvm_migration" "test" {
				  source   = { type = "ova", path = %q }
				  output   = { directory = %q }
				  pipeline = { convert = {}, validate = {} }
				}`, ova, directory),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectKnownValue(address, tfjsonpath.New("output_path"), knownvalue.StringExact(boot)),
					plancheck.ExpectUnknownValue(address, tfjsonpath.New("artifacts")),
				},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("output_path"), knownvalue.StringExact(boot)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("artifacts"), knownvalue.ListSizeExact(2)),
				artifact(0, boot), artifact(1, second),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("guest").AtMapKey("name"), knownvalue.StringExact("db01")),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("guest").AtMapKey("vcpus"), knownvalue.Int64Exact(4)),
			},
			Check: func(*terraform.State) error {
				for image, disk := range map[string]string{boot: system, second: data} {
					if out, err := exec.Command("qemu-img", "compare", "-f", "qcow2", "-F", "vmdk", image, disk).CombinedOutput(); err != nil {
						return fmt.Errorf("%s is not %s: %w: %s", image, disk, err, out)
					}
				}
				return nil
			},
		}},
	})
}

// smallDisk is a VMDK of 4 MiB with text and, if it is to be started from, a
// boot loader.
func smallDisk(t *testing.T, text string, boots bool) string {
	t.Helper()
	content := make([]byte, 4<<20)
	copy(content[1<<20:], text)
	content[510], content[511] = 0x55, 0xaa
	if boots {
		copy(content[0x180:], "GRUB \x00")
	}
	raw, vmdk := filepath.Join(t.TempDir(), "disk.img"), filepath.Join(t.TempDir(), "disk.vmdk")
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, vmdk).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v: %s", err, out)
	}
	return vmdk
}

// packageOf packs the disks of one machine with four processors.
func packageOf(t *testing.T, disks ...string) string {
	t.Helper()
	var references, described, drives strings.Builder
	for n := range disks {
		fmt.Fprintf(&references, `<File ovf:id="f%d" ovf:href="d%d.vmdk"/>`, n, n)
		fmt.Fprintf(&described, `<Disk ovf:diskId="d%d" ovf:fileRef="f%d" ovf:capacity="4194304" ovf:format="vmdk"/>`, n, n)
		fmt.Fprintf(&drives, `<Item><rasd:AddressOnParent>%d</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d%d</rasd:HostResource>`+
			`<rasd:InstanceID>%d</rasd:InstanceID><rasd:Parent>2</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>`, n, n, n+3)
	}
	descriptor := `<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
 <References>` + references.String() + `</References><DiskSection><Info>Disks</Info>` + described.String() + `</DiskSection>
 <VirtualSystem ovf:id="db01"><Info>A machine</Info><Name>db01</Name><VirtualHardwareSection><Info>Hardware</Info>
  <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
  <Item><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item>` + drives.String() + `
 </VirtualHardwareSection></VirtualSystem></Envelope>`
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	add := func(name string, content []byte) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	add("db01.ovf", []byte(descriptor))
	for n, disk := range disks {
		content, err := os.ReadFile(disk)
		if err != nil {
			t.Fatal(err)
		}
		add(fmt.Sprintf("d%d.vmdk", n), content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "db01.ova")
	if err := os.WriteFile(path, archive.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
