package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestAccExamples(t *testing.T) {
	// The examples name the provider by its address in the registry.
	t.Setenv("TF_ACC_PROVIDER_NAMESPACE", "hyper2kvm")
	directories, err := filepath.Glob("../../examples/*/main.tf")
	if err != nil || len(directories) == 0 {
		t.Fatalf("there are no examples (%v)", err)
	}
	for _, file := range directories {
		directory := filepath.Dir(file)
		name := filepath.Base(directory)
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "libvirt-") {
				t.Skip("needs a provider that cannot be installed everywhere; TestAccLibvirtDomain does without it")
			}
			if modules, _ := filepath.Glob(filepath.Join(directory, "*", "*.tf")); len(modules) > 0 {
				// The test framework copies no folders.
				if tests, _ := filepath.Glob(filepath.Join(directory, "*.tftest.hcl")); len(tests) == 0 {
					t.Fatal("an example with modules needs tests of its own")
				}
				t.Skip("it has modules; TestAccExamplesTests plans it")
			}
			step := resource.TestStep{
				ConfigDirectory: config.StaticDirectory(directory),
				ConfigVariables: map[string]config.Variable{
					"source_path":      config.StringVariable("/data/source/disk.vmdk"),
					"output_directory": config.StringVariable("/data/output"),
					"password_hash":    config.StringVariable("$6$salt$hash"),
					"join_token":       config.StringVariable("token"),
					"ssh_public_key":   config.StringVariable("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ansible@controller"),
				},
				// Here and not in the test case, where provider blocks are not allowed.
				ProtoV6ProviderFactories: fakeFactories(t),
				PlanOnly:                 true,
				ExpectNonEmptyPlan:       true,
			}
			resource.Test(t, resource.TestCase{Steps: []resource.TestStep{step}})
		})
	}
}

// passed is what `terraform test` ends with where nothing failed.
var passed = regexp.MustCompile(`\b[1-9][0-9]* passed, 0 failed`)

// TestAccExamplesTests runs the examples' own tests with `terraform test` and
// `tofu test`.
func TestAccExamplesTests(t *testing.T) {
	requireTerraform(t)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests, err := filepath.Glob("../../examples/*/*.tftest.hcl")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no example has tests (%v)", err)
	}
	for name, find := range map[string]func(*testing.T) string{
		"terraform": func(*testing.T) string { return "terraform" },
		"tofu":      openTofu,
	} {
		t.Run(name, func(t *testing.T) {
			program := find(t)
			for _, test := range tests {
				t.Run(filepath.Base(filepath.Dir(test)), func(t *testing.T) {
					if name == "tofu" && filepath.Base(filepath.Dir(test)) == "boot-proof" {
						t.Skip("OpenTofu 1.12 ends the run at a postcondition of the resource, though the test expects it to fail")
					}
					c := newCLI(t, executable, map[string]string{})
					c.program = program
					if err := os.CopyFS(c.directory, os.DirFS(filepath.Dir(test))); err != nil {
						t.Fatal(err)
					}
					c.run("get") // modules of its own
					if out := c.run("test", "-no-color"); !passed.MatchString(out) {
						t.Error(out)
					}
				})
			}
		})
	}
}
