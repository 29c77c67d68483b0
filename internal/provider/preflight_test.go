package provider

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func TestPreflightWarnsAtPlan(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	server := newServer(t, fakeProvider(t), `{"acceleration": "kvm"}`)
	absent := filepath.Join(t.TempDir(), "absent.vmdk")
	resp, _ := server.plan(instance{}, configuration(absent, t.TempDir(), ""))
	for _, d := range resp.Diagnostics {
		if d.Severity != tfprotov6.DiagnosticSeverityWarning {
			t.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), "source path not found: "+absent, "qemu-utils")

	resp, _ = server.plan(instance{}, `{"source": {"type": "vmdk", "path": "(unknown)"}, "output": {"directory": "/images"}}`)
	if text := strings.Join(texts(resp.Diagnostics), "\n"); strings.Contains(text, "source") {
		t.Errorf("a source that is not known yet: %s", text)
	}
}
