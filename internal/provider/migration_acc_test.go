package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

const address = "hyper2kvm_migration.test"

// fakeFactories serve the provider with the engine that this binary plays.
func fakeFactories(t *testing.T) map[string]func() (tfprotov6.ProviderServer, error) {
	t.Helper()
	return factoriesOf(fakeProvider(t))
}

func factoriesOf(p *hyper2kvmProvider) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"hyper2kvm": func() (tfprotov6.ProviderServer, error) { return newServerOf(p), nil },
	}
}

func TestAccMigration(t *testing.T) {
	t.Parallel()
	source, directory := sourceFile(t), filepath.Join(t.TempDir(), "out")
	image := filepath.Join(directory, "web.qcow2")
	migration := func(name, format string, verbose int) string {
		return fmt.Sprintf(`
			resource "hyper2kvm_migration" "test" {
			  metadata = { name = %q }
			  source   = { type = "vmdk", path = %q }
			  output   = { directory = %q, format = %q, filename = "web.%s" }
			  options  = { verbose = %d }
			}`, name, source, directory, format, format, verbose)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		CheckDestroy:             checkEmpty(directory),
		Steps: []resource.TestStep{
			{
				Config: migration("web", "qcow2", 1),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
						plancheck.ExpectKnownValue(address, tfjsonpath.New("output_path"), knownvalue.StringExact(image)),
						plancheck.ExpectKnownValue(address, tfjsonpath.New("pipeline").AtMapKey("fix").AtMapKey("fstab_mode"), knownvalue.StringExact("stabilize-all")),
						plancheck.ExpectUnknownValue(address, tfjsonpath.New("report")),
					},
				},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("output_path"), knownvalue.StringExact(image)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("report").AtMapKey("success"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("report").AtMapKey("stages").AtMapKey("inspect").AtMapKey("success"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("artifacts"), knownvalue.ListSizeExact(1)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("guest").AtMapKey("firmware"), knownvalue.StringExact("bios")),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("guest").AtMapKey("distro"), knownvalue.Null()),
				},
			},
			{
				Config: migration("web server", "qcow2", 2),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
						plancheck.ExpectKnownValue(address, tfjsonpath.New("report").AtMapKey("success"), knownvalue.Bool(true)),
					},
				},
			},
			{
				Config: migration("web server", "raw", 2),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
						plancheck.ExpectKnownValue(address, tfjsonpath.New("output_path"), knownvalue.StringExact(filepath.Join(directory, "web.raw"))),
					},
				},
			},
			{
				PreConfig: func() {
					if err := os.Remove(filepath.Join(directory, "web.raw")); err != nil {
						t.Error(err)
					}
				},
				Config: migration("web server", "raw", 2),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)},
				},
			},
		},
	})
}

// What boots from an image must be replaced with it, although its path stays.
func TestAccMigrationReplacesDependents(t *testing.T) {
	t.Parallel()
	source, directory := sourceFile(t), t.TempDir()
	migration := func(name string, backup bool) string {
		return fmt.Sprintf(`
			resource "hyper2kvm_migration" "test" {
			  metadata = { name = %q }
			  source   = { type = "vmdk", path = %q }
			  output   = { directory = %q }
			  pipeline = { inspect = {}, fix = { backup = %t }, convert = {}, validate = {} }
			}
			resource "terraform_data" "domain" {
			  input = hyper2kvm_migration.test.output_path
			  lifecycle {
			    replace_triggered_by = [hyper2kvm_migration.test.report]
			  }
			}`, name, source, directory, backup)
	}
	domain := func(migration, domain plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction(address, migration),
			plancheck.ExpectResourceAction("terraform_data.domain", domain),
		}}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		CheckDestroy:             checkEmpty(directory),
		Steps: []resource.TestStep{
			{Config: migration("a", true), ConfigPlanChecks: domain(plancheck.ResourceActionCreate, plancheck.ResourceActionCreate)},
			{Config: migration("b", true), ConfigPlanChecks: domain(plancheck.ResourceActionUpdate, plancheck.ResourceActionNoop)},
			{
				Config:           migration("b", false),
				ConfigPlanChecks: domain(plancheck.ResourceActionDestroyBeforeCreate, plancheck.ResourceActionDestroyBeforeCreate),
			},
		},
	})
}

func TestAccMigrationOfADecodedManifest(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	manifests := filepath.Join(work, "migrations")
	if err := os.Mkdir(manifests, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vm1", "vm2"} {
		manifest := fmt.Sprintf(`{
			"version": "1.0",
			"metadata": {"name": %[1]q, "tags": ["batch", "linux"]},
			"source": {"type": "vmdk", "path": %[2]q},
			"output": {"directory": %[3]q},
			"pipeline": {
				"inspect": {"enabled": true, "collect_guest_info": true}, "fix": {"enabled": true},
				"convert": {"enabled": true, "compress": false, "compress_level": null, "compression_type": "zlib", "preallocation": "off", "cluster_size": null}, "validate": {"enabled": false}
			}
		}`, name, sourceFile(t), filepath.Join(work, name))
		if err := os.WriteFile(filepath.Join(manifests, name+".json"), []byte(manifest), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		Steps: []resource.TestStep{{
			Config: fmt.Sprintf(`
				locals {
				  directory = %q
				  manifests = { for file in fileset(local.directory, "*.json") : trimsuffix(file, ".json") => jsondecode(file("${local.directory}/${file}")) }
				}
				resource "hyper2kvm_migration" "batch" {
				  for_each      = local.manifests
				  metadata      = try(each.value.metadata, null)
				  source        = each.value.source
				  output        = each.value.output
				  pipeline      = each.value.pipeline
				  configuration = try(each.value.configuration, null)
				  options       = try(each.value.options, null)
				}`, manifests),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(`hyper2kvm_migration.batch["vm1"]`, tfjsonpath.New("output_path"), knownvalue.StringExact(filepath.Join(work, "vm1", "disk.qcow2"))),
				statecheck.ExpectKnownValue(`hyper2kvm_migration.batch["vm2"]`, tfjsonpath.New("pipeline").AtMapKey("validate").AtMapKey("enabled"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(`hyper2kvm_migration.batch["vm2"]`, tfjsonpath.New("pipeline").AtMapKey("fix").AtMapKey("backup"), knownvalue.Bool(true)),
			},
		}, {
			// The destroy at the end of a test cannot cope with for_each.
			Config: `locals {}`,
		}},
	})
	if left := listing(t, work); len(left) != 1 {
		t.Errorf("destroy left %q beside the manifests", left)
	}
}

func TestAccMigrationFails(t *testing.T) {
	t.Parallel()
	source, directory := sourceFile(t), t.TempDir()
	migration := func(owner string) string {
		return fmt.Sprintf(`
			resource "hyper2kvm_migration" "test" {
			  metadata = { owner = %q }
			  source   = { type = "vmdk", path = %q }
			  output   = { directory = %q }
			}`, owner, source, directory)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		Steps: []resource.TestStep{
			{Config: `resource "hyper2kvm_migration" "test" {
				source = { type = "qcow3", path = "d.vmdk" }
				output = { directory = "out" }
			}`, ExpectError: regexp.MustCompile(`unsupported source\s+type`), PlanOnly: true},
			{Config: `resource "hyper2kvm_migration" "test" {
				source    = { type = "vmdk", path = "d.vmdk" }
				output    = { directory = "out" }
				overwrote = true
			}`, ExpectError: regexp.MustCompile(`"overwrote" is not expected here`), PlanOnly: true},
			{Config: migration(fakeFails), ExpectError: regexp.MustCompile(`(?s)stage convert failed.*free 2 GiB`)},
			{Config: migration(fakeCrashes), ExpectError: regexp.MustCompile(`(?s)exit code 1.*out of luck`)},
			// Nothing of the failures is in the way.
			{
				Config: migration("ops"),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)},
				},
			},
		},
	})
}

func TestAccProviderConfiguration(t *testing.T) {
	t.Parallel()
	for setting, problem := range map[string]string{
		`acceleration = "hvf"`: `must be one of`,
		`max_concurrent = 0`:   `must be at least 1`,
		`work_directory = ""`:  `string length must be at least 1`,
	} {
		resource.Test(t, resource.TestCase{
			ProtoV6ProviderFactories: fakeFactories(t),
			Steps: []resource.TestStep{{
				Config: fmt.Sprintf(`
					provider "hyper2kvm" {
					  %s
					}
					resource "hyper2kvm_migration" "test" {
					  source = { type = "vmdk", path = "d.vmdk" }
					  output = { directory = "out" }
					}`, setting),
				ExpectError: regexp.MustCompile(problem), PlanOnly: true,
			}},
		})
	}
}

// checkEmpty fails if a destroyed migration left files.
func checkEmpty(directory string) func(*terraform.State) error {
	return func(*terraform.State) error {
		entries, err := os.ReadDir(directory)
		if len(entries) != 0 || err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("destroy left %v in %s (%w)", entries, directory, err)
		}
		return nil
	}
}

func recordOf(image string) (artifact.Record, error) {
	record, err := artifact.ReadRecord(image)
	if err != nil {
		return artifact.Record{}, err
	}
	return *record, nil
}
