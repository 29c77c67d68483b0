package provider

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestSchemaVersion0 freezes what states of version 0 look like. An attribute
// that is new and optional may be added: run this test with -update. For any
// other change raise Schema.Version, keep this file as it is, implement
// resource.ResourceWithUpgradeState with a StateUpgrader for version 0 whose
// PriorSchema is the schema frozen here, and freeze the new version in a file of
// its own.
func TestSchemaVersion0(t *testing.T) {
	t.Parallel()
	all := migrationSchema(t.Context())
	if all.Version != 0 {
		t.Fatalf("version %d is not frozen here", all.Version)
	}
	var lines []string
	describe(&lines, "", all.Attributes)
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "migration_schema_0.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the schema has changed (-frozen +now); read the comment of this test:\n%s", diff)
	}
}

// describe lists the attributes, one a line: path, type and flags.
func describe(lines *[]string, at string, attributes map[string]schema.Attribute) {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		attribute := attributes[name]
		path := strings.TrimPrefix(at+"."+name, ".")
		line := path
		inner := map[string]schema.Attribute{}
		switch attribute := attribute.(type) {
		case schema.SingleNestedAttribute:
			line, inner = line+" object", attribute.Attributes
		case schema.ListNestedAttribute:
			line, inner = line+" list of objects", attribute.NestedObject.Attributes
		case schema.MapNestedAttribute:
			line, inner = line+" map of objects", attribute.NestedObject.Attributes
		default:
			line += " " + attribute.GetType().TerraformType(context.Background()).String()
		}
		for _, flag := range []struct {
			name string
			set  bool
		}{
			{"required", attribute.IsRequired()}, {"optional", attribute.IsOptional()}, {"computed", attribute.IsComputed()},
			{"sensitive", attribute.IsSensitive()}, {"write-only", attribute.IsWriteOnly()},
		} {
			if flag.set {
				line += " " + flag.name
			}
		}
		*lines = append(*lines, line)
		describe(lines, path, inner)
	}
}
