package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// TestInspectionSweeps: what an inspection worked in that was killed goes with the
// next one, what a living one works in stays.
func TestInspectionSweeps(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	living, err := artifact.NewRun(work, "11111111-1111-4111-8111-111111111111")
	if err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(work, ".hyper2kvm-22222222-2222-4222-8222-222222222222")
	if err := os.MkdirAll(filepath.Join(dead, "work", ".hyper2kvm-33333333-3333-4333-8333-333333333333"), 0o700); err != nil {
		t.Fatal(err)
	}
	owner, err := json.Marshal(map[string]any{"host_id": artifact.HostID(), "pid": 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead, "lock"), owner, 0o600); err != nil {
		t.Fatal(err)
	}
	server := newServer(t, fakeProvider(t), fmt.Sprintf(`{"work_directory": %q}`, work))
	schemas, err := server.wire.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	typ := objectType(t, schemas.DataSourceSchemas["hyper2kvm_inspection"])
	config := decode(t, fmt.Sprintf(`{"source": {"type": "vmdk", "path": %q}}`, sourceFile(t)))
	resp, err := server.wire.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: "hyper2kvm_inspection", Config: server.encode(typ, value(t, typ, config)),
	})
	if err != nil {
		t.Fatal(err)
	}
	server.noErrors(resp.Diagnostics)
	if left := listing(t, work); len(left) != 1 || left[0] != ".hyper2kvm-"+living.ID {
		t.Errorf("there is %q, want that of the living inspection alone", left)
	}
	if err := living.Close(); err != nil {
		t.Error(err)
	}
}
