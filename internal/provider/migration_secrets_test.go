package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withPassword is the configuration of one user with a write-only password.
func withPassword(source, directory, hash string, version int) string {
	return configuration(source, directory, fmt.Sprintf(`"metadata": {"owner": %q},
		"configuration": {"users": {"create": [{"name": "u", "password_wo": %q, "password_wo_version": %d}]}}`, fakeEchoes, hash, version))
}

func TestWriteOnlyPasswordReachesTheEngineAlone(t *testing.T) {
	t.Parallel()
	const hash = "$6$salt$WRITEONLY"
	source, directory := sourceFile(t), t.TempDir()
	server := newServer(t, fakeProvider(t), `{}`)
	resp, planned := server.plan(instance{}, withPassword(source, directory, hash, 1))
	server.noErrors(resp.Diagnostics)
	created, diags := server.applyPlan(t.Context(), instance{}, resp, withPassword(source, directory, hash, 1))
	server.noErrors(diags)

	image, err := os.ReadFile(filepath.Join(directory, "disk.qcow2"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(image), hash) {
		t.Errorf("the engine got %s", image)
	}
	for place, text := range map[string]string{
		"plan": fmt.Sprint(plain(t, planned)), "state": fmt.Sprint(plain(t, created.state)),
		"planned private state": string(resp.PlannedPrivate), "private state": string(created.private), "diagnostics": fmt.Sprint(texts(diags)),
	} {
		if strings.Contains(text, "WRITEONLY") {
			t.Errorf("the %s holds the password: %s", place, text)
		}
	}

	for name, tc := range map[string]struct {
		config  string
		replace bool
	}{
		"the same":        {withPassword(source, directory, hash, 1), false},
		"another one":     {withPassword(source, directory, "$6$salt$OTHER", 1), false},
		"another version": {withPassword(source, directory, hash, 2), true},
	} {
		resp, _ := server.plan(created, tc.config)
		server.noErrors(resp.Diagnostics)
		if replace := len(resp.RequiresReplace) > 0; replace != tc.replace {
			t.Errorf("%s: replaced: %t", name, replace)
		}
	}
}
