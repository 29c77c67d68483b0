package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAccPolicies runs the tests of the example policy, and the policy over the
// plan of a real Terraform.
func TestAccPolicies(t *testing.T) {
	requireTerraform(t)
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("building opa takes minutes; part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	opa := filepath.Join(t.TempDir(), "opa")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", opa, "github.com/open-policy-agent/opa")
	build.Dir = "../tools/opa"
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building opa: %v\n%s", err, out)
	}
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), opa, args...)
		cmd.Dir = "../../examples/policies"
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("opa %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return out
	}
	if out := string(run("test", ".")); !strings.Contains(out, "PASS: 6/6") {
		t.Errorf("the policy's own tests:\n%s", out)
	}

	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := newCLI(t, executable, map[string]string{"main.tf": guideRequirements + fmt.Sprintf(`
		data "hyper2kvm_inspection" "db" {
		  source = { type = "vmdk", path = %q }
		}`, sourceFile(t))})
	c.run("plan", "-out=plan.out")
	plan := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(plan, []byte(c.run("show", "-json", "plan.out")), 0o600); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Result []struct {
			Expressions []struct {
				Value struct{ Deny, Warn []string }
			}
		}
	}
	if err := json.Unmarshal(run("eval", "--data", "concerns.rego", "--input", plan, "data.hyper2kvm"), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Result) != 1 || len(answer.Result[0].Expressions) != 1 {
		t.Fatalf("opa answers %+v", answer)
	}
	decided := answer.Result[0].Expressions[0].Value
	if len(decided.Deny) != 0 || len(decided.Warn) != 1 || !strings.Contains(decided.Warn[0], "data.hyper2kvm_inspection.db: ") || !strings.HasSuffix(decided.Warn[0], "KVM does not work here") {
		t.Errorf("the policy decides %+v", decided)
	}
}
