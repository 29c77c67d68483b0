package provider

import (
	"fmt"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

const inspected = "data.hyper2kvm_inspection.test"

func TestAccInspection(t *testing.T) {
	t.Parallel()
	work, source := t.TempDir(), sourceFile(t)
	config := func(source string) string {
		return fmt.Sprintf(`
			provider "hyper2kvm" { work_directory = %q }
			data "hyper2kvm_inspection" "test" {
			  source = { %s }
			}`, work, source)
	}
	disk := tfjsonpath.New("disks").AtSliceIndex(0)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		Steps: []resource.TestStep{
			// First, because the destroy after the last step validates its configuration once more.
			{Config: config(`type = "vhs", path = "d"`), PlanOnly: true, ExpectError: regexp.MustCompile(`unsupported source\s+type`)},
			{
				Config: config(fmt.Sprintf("type = \"vmdk\"\n path = %q", source)),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(inspected, tfjsonpath.New("firmware"), knownvalue.StringExact("bios")),
					statecheck.ExpectKnownValue(inspected, tfjsonpath.New("virtual_size"), knownvalue.Int64Exact(1<<20)),
					statecheck.ExpectKnownValue(inspected, tfjsonpath.New("guest").AtMapKey("type"), knownvalue.StringExact("linux")),
					statecheck.ExpectKnownValue(inspected, disk.AtMapKey("boot"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(inspected, disk.AtMapKey("partitions").AtSliceIndex(0).AtMapKey("start"), knownvalue.Int64Exact(512)),
					statecheck.ExpectKnownValue(inspected, disk.AtMapKey("filesystems").AtSliceIndex(0).AtMapKey("label"), knownvalue.Null()),
					statecheck.ExpectKnownValue(inspected, tfjsonpath.New("warnings").AtSliceIndex(0).AtMapKey("stage"), knownvalue.StringExact("inspect")),
				},
			},
		},
	})
	if left := listing(t, work); len(left) != 0 {
		t.Errorf("the inspection left %q", left)
	}
}

func TestAccInspectionFails(t *testing.T) {
	requireTerraform(t)
	t.Parallel()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: realFactories(t),
		Steps: []resource.TestStep{{
			Config:      fmt.Sprintf(`data "hyper2kvm_inspection" "test" { source = { type = "vmdk", path = %q } }`, filepath.Join(t.TempDir(), "absent.vmdk")),
			ExpectError: regexp.MustCompile(`(?s)Unable to inspect disk image.*not found`),
		}},
	})
}

// The guest is as VMware leaves it: its initramfs has no virtio driver.
func TestAccInspectionOfGuest(t *testing.T) {
	t.Parallel()
	requireTerraform(t)
	recipe, err := testguest.Lookup("debian12-bios-no-virtio")
	if err != nil {
		t.Fatal(err)
	}
	source, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: realFactories(t),
		Steps: []resource.TestStep{{
			Config: fmt.Sprintf(`
				data "hyper2kvm_inspection" "test" { source = { type = "vmdk", path = %q } }
				output "warnings" { value = join("\n", data.hyper2kvm_inspection.test.warnings[*].message) }`, source),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(inspected, tfjsonpath.New("inspected_by"), knownvalue.StringExact("direct")),
				statecheck.ExpectKnownValue(inspected, tfjsonpath.New("guest").AtMapKey("distro"), knownvalue.StringExact("debian")),
				statecheck.ExpectKnownValue(inspected, tfjsonpath.New("firmware"), knownvalue.StringExact("bios")),
				statecheck.ExpectKnownValue(inspected, tfjsonpath.New("disks").AtSliceIndex(0).AtMapKey("partitions"), knownvalue.NotNull()),
				statecheck.ExpectKnownValue(inspected, tfjsonpath.New("guest").AtMapKey("disk_bus"), knownvalue.StringExact("sata")),
				statecheck.ExpectKnownValue(inspected, tfjsonpath.New("guest").AtMapKey("nic_model"), knownvalue.StringExact("virtio")),
				statecheck.ExpectKnownOutputValue("warnings",
					knownvalue.StringRegexp(regexp.MustCompile("needs a SATA disk and a virtio network card: kernel .* has no virtio disk driver"))),
			},
		}},
	})
}
