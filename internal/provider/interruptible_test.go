package provider

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func (s *server) stop() {
	s.t.Helper()
	if _, err := s.wire.StopProvider(s.t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
		s.t.Fatal(err)
	}
}

// TestInterrupted: what Terraform sends after it was interrupted begins nothing, and
// what there is stays in state.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	refused := func(what string, diags []*tfprotov6.Diagnostic) {
		t.Helper()
		if got := texts(diags); len(got) != 1 || !strings.Contains(got[0], "ERROR: Interrupted") || !strings.Contains(got[0], "Run Terraform again") {
			t.Errorf("%s: %q", what, got)
		}
	}
	first, second := configuration(sourceFile(t), t.TempDir(), ""), configuration(sourceFile(t), filepath.Join(t.TempDir(), "new"), "")
	created, diags := server.apply(t.Context(), instance{}, first)
	server.noErrors(diags)
	planned, _ := server.plan(instance{}, second)
	server.noErrors(planned.Diagnostics)

	server.stop()
	after, diags := server.applyPlan(t.Context(), instance{}, planned, second)
	refused("a migration", diags)
	if !after.state.IsNull() {
		t.Error("a migration that was not begun is in state")
	}
	refused("a deletion", server.destroy(created))
	read, diags := server.refresh(created)
	refused("a refresh", diags)
	if !read.state.Equal(created.state) || string(read.private) != string(created.private) {
		t.Error("the refresh changed the state")
	}
	changed, diags := server.applyPlan(t.Context(), created, &tfprotov6.PlanResourceChangeResponse{
		PlannedState: server.encode(server.typ, created.state), PlannedPrivate: created.private,
	}, first)
	refused("a change", diags)
	if !changed.state.Equal(created.state) || string(changed.private) != string(created.private) {
		t.Error("the change that was not begun changed the state")
	}
	plan, _ := server.planBeside(instance{}, second)
	refused("a plan", plan.Diagnostics)
	_, diags = server.importState("/nowhere/a.qcow2", "")
	refused("an import", diags)
	inspected, err := server.wire.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "hyper2kvm_inspection"})
	if err != nil {
		t.Fatal(err)
	}
	refused("an inspection", inspected.Diagnostics)

	server.begin() // the next run, of a process that serves several
	after, diags = server.applyPlan(t.Context(), instance{}, planned, second)
	server.noErrors(diags)
	if after.state.IsNull() {
		t.Error("the next run began nothing")
	}
	server.noErrors(server.destroy(created))
}

// TestInterruptedWhileItRuns: the migration that runs ends, and the next one is
// refused.
func TestInterruptedWhileItRuns(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{"max_concurrent": 1}`)
	waiting := configuration(sourceFile(t), t.TempDir(), `"metadata": {"owner": "waits"}`)
	planned, _ := server.plan(instance{}, waiting)
	server.noErrors(planned.Diagnostics)
	ended := make(chan []*tfprotov6.Diagnostic)
	go func() {
		_, diags := server.applyPlan(t.Context(), instance{}, planned, waiting)
		ended <- diags
	}()
	server.stop()
	if got := texts(<-ended); len(got) == 0 {
		t.Error("the interrupted migration tells nothing")
	}
	if _, diags := server.applyPlan(t.Context(), instance{}, planned, waiting); len(diags) != 1 || diags[0].Summary != "Interrupted" {
		t.Errorf("%q", texts(diags))
	}
}
