package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestAccManifestFunctions(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := filepath.Join(t.TempDir(), "migration.json")
	text, err := json.Marshal(map[string]any{
		"version": "1.0", "metadata": map[string]any{"name": "web", "tags": []string{"a"}},
		"source":        map[string]any{"type": "vmdk", "path": sourceFile(t)},
		"output":        map[string]any{"directory": directory, "overwrite": true},
		"pipeline":      map[string]any{"fix": map[string]any{}, "convert": map[string]any{"compress": true}},
		"configuration": map[string]any{"users": map[string]any{"create": []any{map[string]any{"name": "ops", "groups": []string{"wheel"}}}}},
	})
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`
		locals { m = provider::hyper2kvm::manifest_decode(file(%q)) }
		resource "hyper2kvm_migration" "test" {
		  metadata = local.m.metadata
		  source   = local.m.source
		  output   = local.m.output
		  pipeline = merge(local.m.pipeline, { inspect = { enabled = true } })
		  configuration = local.m.configuration
		  options   = local.m.options
		  overwrite = local.m.overwrite
		}
		output "again" {
		  value = nonsensitive(jsondecode(provider::hyper2kvm::manifest_encode(hyper2kvm_migration.test)))
		}`, file)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: fakeFactories(t),
		Steps: []resource.TestStep{
			{
				Config:      `output "o" { value = provider::hyper2kvm::manifest_decode("{\"version\": \"1.0\", \"sorce\": {}}") }`,
				ExpectError: regexp.MustCompile(`did you mean\s+"source"`),
			},
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("overwrite"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("pipeline").AtMapKey("convert").AtMapKey("compress"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("pipeline").AtMapKey("validate").AtMapKey("enabled"), knownvalue.Bool(false)),
					statecheck.ExpectKnownOutputValueAtPath("again", tfjsonpath.New("output").AtMapKey("overwrite"), knownvalue.Bool(true)),
					statecheck.ExpectKnownOutputValueAtPath("again", tfjsonpath.New("metadata").AtMapKey("name"), knownvalue.StringExact("web")),
				},
			},
		},
	})
}
