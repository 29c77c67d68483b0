package provider

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func encrypted(source, directory, keys string) string {
	return fmt.Sprintf(`{"source": {"type": "vmdk", "path": %q, "luks_keys": %s}, "output": {"directory": %q}, "metadata": {"owner": %q}}`,
		source, keys, directory, fakeUnlocks)
}

// TestLUKSKeyReachesTheEngineAlone proves that a key is used and stays out of
// plan and state.
func TestLUKSKeyReachesTheEngineAlone(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	source, directory := sourceFile(t), t.TempDir()
	config := encrypted(source, directory, `[{"device": "/dev/sda5", "key": "correct horse"}, {"key_file": "k"}]`)
	if diags := server.validate(config); len(diags) > 0 {
		t.Fatalf("validate: %q", texts(diags))
	}
	plan, planned := server.plan(instance{}, config)
	server.noErrors(plan.Diagnostics)
	created, diags := server.applyPlan(t.Context(), instance{}, plan, config)
	server.noErrors(diags)
	for name, v := range map[string]tftypes.Value{"plan": planned, "state": created.state} {
		text, err := json.Marshal(plain(t, v))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), luksKey) {
			t.Errorf("the %s holds the key: %s", name, text)
		}
	}
	if bytes := string(plan.PlannedPrivate) + string(created.private); strings.Contains(bytes, luksKey) {
		t.Error("private state holds the key")
	}

	// Other keys are no reason to migrate again.
	for _, keys := range []string{`[{"device": "/dev/sda5", "key": "another"}]`, `null`} {
		plan, _ := server.plan(created, encrypted(source, directory, keys))
		server.noErrors(plan.Diagnostics)
		if len(plan.RequiresReplace) > 0 {
			t.Errorf("keys %s: replaces because of %v", keys, plan.RequiresReplace)
		}
		updated, diags := server.applyPlan(t.Context(), created, plan, encrypted(source, directory, keys))
		server.noErrors(diags)
		if diags := server.destroy(updated); keys == `null` && len(diags) > 0 {
			t.Errorf("destroy: %q", texts(diags))
		}
	}
}

func TestWrongLUKSKeyIsNotShown(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	config := encrypted(sourceFile(t), t.TempDir(), `[{"device": "/dev/sda5", "key": "wrong horse"}]`)
	_, diags := server.apply(t.Context(), instance{}, config)
	shown := strings.Join(texts(diags), "\n")
	if !strings.Contains(shown, "these are the wrong keys") || strings.Contains(shown, "wrong horse") {
		t.Errorf("diagnostics: %s", shown)
	}
}

func TestLUKSKeysAreValidated(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	for name, test := range map[string]struct{ keys, want string }{
		"no key":      {`[{"key": "x"}, {"device": "all"}]`, `source.luks_keys[1]: has no key`},
		"two keys":    {`[{"key": "x", "key_file": "y"}]`, `source.luks_keys[0]: has both key and key_file`},
		"device":      {`[{"device": "sda5", "key": "x"}]`, `source.luks_keys[0].device: "sda5" is not a device`},
		"unknown key": {`[{"key": "(unknown)"}]`, ""},
		"unknown":     {`"(unknown)"`, ""},
	} {
		diags := server.validate(encrypted("/d.vmdk", filepath.Join(t.TempDir(), "i"), test.keys))
		switch {
		case test.want == "" && len(diags) > 0:
			t.Errorf("%s: %q", name, texts(diags))
		case test.want != "" && (len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityError || !strings.Contains(diags[0].Detail, test.want)):
			t.Errorf("%s: %q, want %q", name, texts(diags), test.want)
		}
	}
}
