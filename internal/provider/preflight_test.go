package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// troubledSource makes a source of which fakeForesee has these problems.
func troubledSource(t *testing.T, problems ...report.Problem) string {
	t.Helper()
	text, err := json.Marshal(problems)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "disk.vmdk")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var (
	noQEMU  = report.Problem{Message: "there is no qemu-img", Remedy: "install qemu-utils"}
	noSpace = report.Problem{Attribute: "output.directory", Message: "disk space may not suffice"}
	noVMDK  = report.Problem{Attribute: "source", Message: "disk.vmdk is a VHD image, but source.type says vmdk", Remedy: "set source.type to \"vhd\"", Refused: true}
)

func onlyWarnings(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	for _, d := range diagnostics {
		if d.Severity != tfprotov6.DiagnosticSeverityWarning {
			t.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
}

func TestPreflightWarnsAtPlan(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	absent := filepath.Join(t.TempDir(), "absent.vmdk")
	resp, _ := server.plan(instance{}, configuration(absent, t.TempDir(), ""))
	onlyWarnings(t, resp.Diagnostics)
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), "source path not found: "+absent)

	resp, _ = server.plan(instance{}, configuration(troubledSource(t, noQEMU, noSpace, noVMDK), t.TempDir(), ""))
	onlyWarnings(t, resp.Diagnostics)
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"),
		`there is no qemu-img.`, `Install qemu-utils.`,
		`AttributeName("output").AttributeName("directory"): Migration would fail on this host: disk space`,
		`AttributeName("source"): Migration would fail on this host: disk.vmdk is a VHD image`)

	resp, _ = server.plan(instance{}, `{"source": {"type": "vmdk", "path": "(unknown)"}, "output": {"directory": "/images"}}`)
	if text := strings.Join(texts(resp.Diagnostics), "\n"); strings.Contains(text, "source") {
		t.Errorf("a source that is not known yet: %s", text)
	}
}

// A replacement deletes the image first, so that a source which no host would
// migrate has to be said before.
func TestPreflightOfReplacement(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		problem  report.Problem
		settings string
		refuses  bool
		want     string
	}{
		"another source that is refused":   {noVMDK, "", true, "The present image would be deleted first"},
		"the image stays":                  {noVMDK, `"on_destroy": "keep"`, false, "disk.vmdk is a VHD image"},
		"what another host may have":       {noQEMU, "", false, "qemu-utils"},
		"a source that may still be there": {report.Problem{Attribute: "source", Message: "disk.vmdk needs disk-flat.vmdk"}, "", false, "disk-flat"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, directory := newServer(t, fakeProvider(t), `{}`), t.TempDir()
			made, diags := server.apply(t.Context(), instance{}, configuration(sourceFile(t), directory, test.settings))
			server.noErrors(diags)
			resp, _ := server.plan(made, configuration(troubledSource(t, test.problem), filepath.Join(directory, "new"), test.settings))
			text := strings.Join(texts(resp.Diagnostics), "\n")
			if refused := strings.Contains(text, "ERROR"); refused != test.refuses {
				t.Errorf("refused: %t\n%s", refused, text)
			}
			wantText(t, text, test.want)
		})
	}
}
