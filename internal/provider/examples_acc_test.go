package provider

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// examplesOfFeatures names the examples of what this version refuses, with the
// attribute. A line goes when its feature comes.
var examplesOfFeatures = map[string]string{"production-server": "pipeline.convert.compress_level"}

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
			if name == "libvirt-domain" {
				t.Skip("needs a provider that cannot be installed everywhere")
			}
			step := resource.TestStep{
				ConfigDirectory: config.StaticDirectory(directory),
				ConfigVariables: map[string]config.Variable{
					"source_path":      config.StringVariable("/data/source/disk.vmdk"),
					"output_directory": config.StringVariable("/data/output"),
					"password_hash":    config.StringVariable("$6$salt$hash"),
					"join_token":       config.StringVariable("token"),
					"ssh_public_key":   config.StringVariable("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA ansible@controller"),
				},
				// Here and not in the test case, where provider blocks are not allowed.
				ProtoV6ProviderFactories: fakeFactories(t),
				PlanOnly:                 true,
				ExpectNonEmptyPlan:       true,
			}
			if attribute := examplesOfFeatures[name]; attribute != "" {
				step.ExpectError = regexp.MustCompile(regexp.QuoteMeta(attribute) + `:\s+not\s+supported\s+by\s+this\s+version`)
			}
			resource.Test(t, resource.TestCase{Steps: []resource.TestStep{step}})
		})
	}
}
