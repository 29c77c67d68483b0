package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// configuration is the shortest configuration with more of it in extra.
func configuration(source, directory, extra string) string {
	if extra != "" {
		extra = ", " + extra
	}
	return fmt.Sprintf(`{"source": {"type": "vmdk", "path": %q}, "output": {"directory": %q}%s}`, source, directory, extra)
}

func TestCreateReadDelete(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "images", "web")
	server := newServer(t, fakeProvider(t), `{"acceleration": "tcg"}`)
	created, diags := server.apply(t.Context(), instance{}, configuration(sourceFile(t), directory, ""))
	server.noErrors(diags)
	if got := texts(diags); len(got) != 1 || !strings.Contains(got[0], "WARNING: Migration warning in stage inspect") ||
		!strings.Contains(got[0], "KVM does not work here") || !strings.Contains(got[0], "allow access to /dev/kvm") {
		t.Errorf("the warning of the pipeline is not there: %q", got)
	}
	image, reportFile := filepath.Join(directory, "disk.qcow2"), filepath.Join(directory, "report.json")
	want := map[string]any{
		"id": image, "output_path": image, "report_path": reportFile,
		"report.success": true, "report.dry_run": false, "report.stages.inspect.success": true, "report.stages.inspect.duration": 1.5,
		"report.stages.inspect.error": nil, "report.summary.total_stages": 2.0, "report.summary.total_warnings": 1.0, "report.errors": []any{},
		"guest.type": "linux", "guest.firmware": "bios", "guest.disk_bus": "virtio", "guest.distro": nil, "guest.virtual_size": 1048576.0,
		"guest.name": nil, "guest.vcpus": nil, "guest.nics": []any{}, "guest.controllers": []any{},
		"artifacts": []any{map[string]any{
			"type": "converted_image", "path": image, "format": "qcow2", "size_bytes": 5.0, "size_human": "5 B", "compressed": false, "virtual_size": 1048576.0, "checksum": nil,
		}},
	}
	for path, want := range want {
		got := at(t, created.state, path)
		if path == "artifacts" {
			must[map[string]any](must[[]any](got)[0])["size_human"] = "5 B" // how it reads is the report's affair
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}

	refreshed, diags := server.refresh(created)
	server.noErrors(diags)
	if !refreshed.state.Equal(created.state) {
		t.Error("reading an untouched image changed the state")
	}
	if err := os.WriteFile(image, []byte("a virtual machine wrote here"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, diags = server.refresh(created); len(diags) != 0 {
		t.Errorf("an image that a machine wrote to is drift: %q", texts(diags))
	}
	if diags := server.destroy(created); len(diags) != 0 {
		t.Errorf("destroy: %q", texts(diags))
	}
	if _, err := os.Stat(filepath.Dir(directory)); !os.IsNotExist(err) {
		t.Errorf("destroy left something in the directory that the migration made: %v", listing(t, directory))
	}
}

func TestCreateFromPackage(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	created, diags := server.apply(t.Context(), instance{}, fmt.Sprintf(`{"source": {"type": "ova", "path": %q}, "output": {"directory": %q}}`,
		sourceFile(t), t.TempDir()))
	server.noErrors(diags)
	for path, want := range map[string]any{
		"guest.name": "web01", "guest.vcpus": 2.0, "guest.memory_mib": 1024.0, "guest.firmware": "bios", "guest.distro": nil,
		"guest.nics": []any{
			map[string]any{"name": "Network adapter 1", "mac": "00:50:56:9a:01:02", "network": "VM Network", "model": nil},
			map[string]any{"name": nil, "mac": nil, "network": nil, "model": nil},
		},
		"guest.controllers": []any{map[string]any{"name": "SCSI Controller 0", "bus": "scsi", "model": "VirtualSCSI"}},
	} {
		if diff := cmp.Diff(want, at(t, created.state, path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestReadMissingImage(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	directory := t.TempDir()
	created, diags := server.apply(t.Context(), instance{}, configuration(sourceFile(t), directory, ""))
	server.noErrors(diags)
	image := filepath.Join(directory, "disk.qcow2")

	if err := os.Rename(image, image+".away"); err != nil {
		t.Fatal(err)
	}
	refreshed, diags := server.refresh(created)
	server.noErrors(diags)
	if !refreshed.state.IsNull() {
		t.Error("the resource of an image that is gone is still in state")
	}

	// Another file in its place: nobody but the user can say what it is.
	if err := os.WriteFile(image, []byte("somebody else's"), 0o644); err != nil {
		t.Fatal(err)
	}
	refreshed, diags = server.refresh(created)
	if refreshed.state.IsNull() || len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityWarning {
		t.Errorf("state null: %t, diagnostics: %q", refreshed.state.IsNull(), texts(diags))
	}
	if diags := server.destroy(created); len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("destroy of somebody else's file: %q", texts(diags))
	}
	if content, err := os.ReadFile(image); err != nil || string(content) != "somebody else's" {
		t.Errorf("somebody else's file was touched: %q, %v", content, err)
	}
}

func TestReadUnreadableDirectory(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	directory := filepath.Join(t.TempDir(), "mount")
	created, diags := server.apply(t.Context(), instance{}, configuration(sourceFile(t), directory, ""))
	server.noErrors(diags)
	// A file in place of the directory cannot be looked into by root either.
	if err := os.Rename(directory, directory+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("mount", directory); err != nil {
		t.Fatal(err)
	}
	refreshed, diags := server.refresh(created)
	if refreshed.state.IsNull() || len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("state null: %t, diagnostics: %q", refreshed.state.IsNull(), texts(diags))
	}
}

func TestCreateFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		behaviour string
		want      []string
		remains   bool
	}{
		"a stage fails":        {fakeFails, []string{"stage convert failed", "no space left on device", "free 2 GiB", "report.json"}, false},
		"the engine crashes":   {fakeCrashes, []string{"exit code 1", "out of luck"}, false},
		"something is left":    {fakeLeaves, []string{"stage convert failed"}, true},
		"it takes for ever":    {fakeWaits, []string{"Migration timed out", "longer than 300ms", "in stage fix", "timeouts ="}, false},
		"the output is there":  {"exists", []string{"Output file exists", "disk.qcow2"}, false},
		"directory not usable": {"no directory", []string{"disk.vmdk"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory, source := t.TempDir(), sourceFile(t)
			switch test.behaviour {
			case "exists":
				if err := os.WriteFile(filepath.Join(directory, "disk.qcow2"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			case "no directory":
				directory = filepath.Join(source, "out")
			}
			server := newServer(t, fakeProvider(t), `{}`)
			extra := fmt.Sprintf(`"metadata": {"name": "web", "owner": %q}`, test.behaviour)
			if test.behaviour == fakeWaits {
				extra += `, "timeouts": {"create": "300ms"}`
			}
			created, diags := server.apply(t.Context(), instance{}, configuration(source, directory, extra))
			text := strings.Join(texts(diags), "\n")
			if !strings.Contains(text, "ERROR") || !strings.Contains(text, "web ("+source+")") {
				t.Errorf("no error that names the migration: %s", text)
			}
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("diagnostics lack %q: %s", want, text)
				}
			}
			if created.state.IsNull() == test.remains {
				t.Errorf("in state: %t, want %t", !created.state.IsNull(), test.remains)
			}
			if test.remains {
				if diags := server.destroy(created); len(diags) != 0 {
					t.Errorf("destroy: %q", texts(diags))
				}
				if left := listing(t, directory); len(left) != 0 {
					t.Errorf("destroy left %q", left)
				}
			}
		})
	}
}

// An image that no state knows must not stay.
func TestCreateByAnEngineThatVanishes(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	directory := filepath.Join(t.TempDir(), "images")
	config := configuration(sourceFile(t), directory, `"metadata": {"owner": "vanishes"}`)
	created, diags := server.apply(t.Context(), instance{}, config)
	if text := strings.Join(texts(diags), "\n"); !created.state.IsNull() || !strings.Contains(text, "without a report") {
		t.Errorf("in state: %t, diagnostics: %s", !created.state.IsNull(), text)
	}
	if _, err := os.Stat(directory); !os.IsNotExist(err) {
		t.Errorf("%q is left (%v)", listing(t, directory), err)
	}
}

func TestCreateCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	directory := t.TempDir()
	server := newServer(t, fakeProvider(t), `{"max_concurrent": 1}`)
	created, diags := server.apply(ctx, instance{}, configuration(sourceFile(t), directory, `"metadata": {"owner": "waits"}`))
	if !created.state.IsNull() || len(diags) == 0 {
		t.Errorf("in state: %t, diagnostics: %q", !created.state.IsNull(), texts(diags))
	}
	if left := without(listing(t, directory), "report.json"); len(left) != 0 {
		t.Errorf("the cancelled migration left %q", left)
	}
}

func TestDeleteLeavesAnotherMigrationsReport(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	directory := t.TempDir()
	first, diags := server.apply(t.Context(), instance{}, configuration(sourceFile(t), directory, ""))
	server.noErrors(diags)
	second, diags := server.apply(t.Context(), instance{}, fmt.Sprintf(
		`{"source": {"type": "vmdk", "path": %q}, "output": {"directory": %q, "filename": "second.qcow2"}}`, sourceFile(t), directory))
	server.noErrors(diags)

	diags = server.destroy(first)
	server.noErrors(diags)
	if got := texts(diags); len(got) != 1 || !strings.Contains(got[0], "File was not deleted") {
		t.Errorf("destroy of the first: %q", got)
	}
	if diags := server.destroy(second); len(diags) != 0 {
		t.Errorf("destroy of the second: %q", texts(diags))
	}
	if left := listing(t, directory); len(left) != 0 {
		t.Errorf("destroy left %q", left)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	source, directory := sourceFile(t), t.TempDir()
	created, diags := server.apply(t.Context(), instance{}, configuration(source, directory, ""))
	server.noErrors(diags)

	again, planned := server.plan(created, configuration(source, directory, ""))
	if !planned.Equal(created.state) || len(again.RequiresReplace) != 0 {
		t.Errorf("a second plan is not empty: %s", cmp.Diff(plain(t, created.state), plain(t, planned)))
	}
	if err := os.WriteFile(source+"2", []byte("KDMV"), 0o600); err != nil {
		t.Fatal(err)
	}
	sourced := func(more string) string {
		return fmt.Sprintf(`{"source": {"type": "vmdk", "path": %q, %s}, "output": {"directory": %q}}`, source, more, directory)
	}
	tests := map[string]struct {
		config  string
		replace string
	}{
		"metadata":      {configuration(source, directory, `"metadata": {"name": "new"}`), ""},
		"verbose":       {configuration(source, directory, `"options": {"verbose": 2}`), ""},
		"timeouts":      {configuration(source, directory, `"timeouts": {"create": "1h"}`), ""},
		"overwrite":     {configuration(source, directory, `"overwrite": true`), ""},
		"protection":    {configuration(source, directory, `"deletion_protection": true`), ""},
		"on_destroy":    {configuration(source, directory, `"on_destroy": "keep"`), ""},
		"triggers":      {configuration(source, directory, `"triggers": {"a": "b"}`), `AttributeName("triggers")`},
		"source":        {configuration(source+"2", directory, ""), `AttributeName("source").AttributeName("path")`},
		"checksum":      {sourced(`"checksum": "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"`), `AttributeName("source").AttributeName("checksum")`},
		"guards":        {sourced(`"verify_checksums": false, "max_virtual_size": 1099511627776`), ""},
		"directory":     {configuration(source, directory+"2", ""), `AttributeName("output").AttributeName("directory")`},
		"stage":         {configuration(source, directory, `"pipeline": {"convert": {}}`), `AttributeName("pipeline").AttributeName("fix").AttributeName("enabled")`},
		"dry run":       {configuration(source, directory, `"options": {"dry_run": true}`), `AttributeName("options").AttributeName("dry_run")`},
		"report path":   {configuration(source, directory, `"options": {"report": {"path": "r.json"}}`), `AttributeName("path")`},
		"configuration": {configuration(source, directory, `"configuration": {"services": {"enable": ["a"]}}`), `AttributeName("configuration")`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			resp, planned := server.plan(created, test.config)
			server.noErrors(resp.Diagnostics)
			var replace []string
			for _, path := range resp.RequiresReplace {
				replace = append(replace, path.String())
			}
			if test.replace != "" {
				if !strings.Contains(strings.Join(replace, "\n"), test.replace) {
					t.Errorf("replaces for %q, want %s", replace, test.replace)
				}
				return
			}
			if len(replace) != 0 {
				t.Fatalf("replaces for %q", replace)
			}
			if !planned.IsFullyKnown() {
				t.Errorf("the update plans unknown values: %v", plain(t, planned))
			}
			updated, diags := server.apply(t.Context(), created, test.config)
			if len(diags) != 0 || !updated.state.Equal(planned) {
				t.Errorf("diagnostics %q, state %s", texts(diags), cmp.Diff(plain(t, planned), plain(t, updated.state)))
			}
			for _, path := range []string{"output_path", "report", "artifacts", "guest"} {
				if diff := cmp.Diff(at(t, created.state, path), at(t, updated.state, path)); diff != "" {
					t.Errorf("%s changed (-before +after):\n%s", path, diff)
				}
			}
		})
	}
}

func TestCreateWithoutImage(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	directory := t.TempDir()
	created, diags := server.apply(t.Context(), instance{}, configuration(sourceFile(t), directory, `"options": {"dry_run": true}`))
	server.noErrors(diags)
	if at(t, created.state, "output_path") != nil || at(t, created.state, "report.dry_run") != true {
		t.Errorf("unexpected state %v", plain(t, created.state))
	}
	if diff := cmp.Diff([]any{}, at(t, created.state, "artifacts")); diff != "" {
		t.Errorf("artifacts: %s", diff)
	}
	refreshed, diags := server.refresh(created)
	if len(diags) != 0 || !refreshed.state.Equal(created.state) {
		t.Errorf("refresh: %q", texts(diags))
	}
	if diags := server.destroy(created); len(diags) != 0 {
		t.Errorf("destroy: %q", texts(diags))
	}
	if left := listing(t, directory); len(left) != 0 {
		t.Errorf("destroy left %q", left)
	}
}

func listing(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
