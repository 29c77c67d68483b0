package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func TestTwoMigrationsWithOnePath(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(m.directory, link); err != nil {
		t.Fatal(err)
	}
	other := func(directory, filename, report string) string {
		return fmt.Sprintf(`{"source": {"type": "vmdk", "path": %q}, "output": {"directory": %q, "filename": %q}, "options": {"report": {"path": %q}}}`,
			m.source, directory, filename, report)
	}
	tests := map[string]struct {
		prior  instance
		first  string
		second string
		want   string
	}{
		"existing and new":  {m.instance, m.config(""), other(m.directory, "disk.qcow2", "second.json"), "disk.qcow2, too"},
		"through a link":    {m.instance, m.config(""), other(link, "disk.qcow2", "second.json"), "disk.qcow2, too"},
		"both new":          {instance{}, other("/images", "a.qcow2", "a.json"), other("/images", "a.qcow2", "b.json"), "/images/a.qcow2, too"},
		"one report":        {instance{}, other("/images", "a.qcow2", "a.json"), other("/images", "b.qcow2", "a.json"), "/images/a.json, too"},
		"moved out of way":  {m.instance, other(m.directory, "moved.qcow2", "moved.json"), m.config(""), ""},
		"nothing in common": {m.instance, m.config(""), other(m.directory, "second.qcow2", "second.json"), ""},
		"replaced":          {m.instance, m.config(`"triggers": {"a": "b"}`), other(m.directory, "second.qcow2", "second.json"), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			first, _ := m.plan(test.prior, test.first)
			m.noErrors(first.Diagnostics)
			if len(first.RequiresReplace) > 0 { // as Terraform does
				again, _ := m.planBeside(instance{private: first.PlannedPrivate}, test.first)
				m.noErrors(again.Diagnostics)
			}
			second, _ := m.planBeside(instance{}, test.second)
			var errors []string
			for _, d := range second.Diagnostics {
				if d.Severity == tfprotov6.DiagnosticSeverityError {
					errors = append(errors, d.Detail)
				}
			}
			if text := strings.Join(errors, "\n"); (test.want == "") != (text == "") || !strings.Contains(text, test.want) {
				t.Errorf("errors %q, want %q", text, test.want)
			}
		})
	}
}
