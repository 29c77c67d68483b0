package provider

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func TestMigrationSchema(t *testing.T) {
	t.Parallel()
	schema := migrationSchema(t.Context())
	if diags := schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatalf("schema: %v", diags)
	}
	if schema.Version != 0 {
		t.Errorf("schema version %d has no upgrader", schema.Version)
	}
}

func TestProviderSchema(t *testing.T) {
	t.Parallel()
	var resp provider.SchemaResponse
	New("test")().Schema(t.Context(), provider.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatalf("schema: %v", diags)
	}
}

// A field of the manifest that the schema lacks would be lost without a word.
func TestMigrationSchemaHasEveryFieldOfTheManifest(t *testing.T) {
	t.Parallel()
	elsewhere := map[string]bool{
		"version":          true, // the provider's own
		"output.overwrite": true, // at the top level, where typos are caught
	}
	var compare func(path string, section reflect.Type, in attr.Type)
	compare = func(path string, section reflect.Type, in attr.Type) {
		for section.Kind() == reflect.Pointer || section.Kind() == reflect.Slice {
			section = section.Elem()
		}
		if collection, ok := in.(attr.TypeWithElementType); ok {
			in = collection.ElementType()
		}
		if section.Kind() != reflect.Struct {
			return
		}
		object, ok := in.(attr.TypeWithAttributeTypes)
		if !ok {
			t.Errorf("%s is an object in the manifest and %s in the schema", path, in)
			return
		}
		for field := range section.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			at := strings.TrimPrefix(path+"."+name, ".")
			if elsewhere[at] {
				continue
			}
			attribute, ok := object.AttributeTypes()[name]
			if !ok {
				t.Errorf("the schema lacks %s", at)
				continue
			}
			compare(at, field.Type, attribute)
		}
	}
	compare("", reflect.TypeFor[manifest.Manifest](), migrationSchema(t.Context()).Type())
}

func TestChoices(t *testing.T) {
	t.Parallel()
	if got, want := choices([]string{"a", "b", "c"}), "`a`, `b` or `c`"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestInspectionSchema(t *testing.T) {
	t.Parallel()
	if diags := inspectionSchema().ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatalf("schema: %v", diags)
	}
}
