package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
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
