package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// plannedPipeline is the manifest's default pipeline, changed by edit, as a plan
// shows it.
func plannedPipeline(t *testing.T, edit func(*manifest.Pipeline)) string {
	t.Helper()
	pipeline := manifest.DefaultPipeline()
	edit(&pipeline)
	text, err := json.Marshal(pipeline)
	if err != nil {
		t.Fatal(err)
	}
	// What a manifest leaves out is null in a plan.
	return strings.Replace(string(text), `"fix":{`, `"fix":{"virtio_win":null,`, 1)
}

func TestPlanCreateShowsEverythingThatIsKnown(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	resp, planned := server.plan(instance{}, `{"source": {"type": "vmdk", "path": "/vms/disk.vmdk"}, "output": {"directory": "/images"}}`)
	server.noErrors(resp.Diagnostics)
	want := decode(t, `{
		"id": "/images/disk.qcow2",
		"output_path": "/images/disk.qcow2",
		"report_path": "/images/report.json",
		"report": "(unknown)", "artifacts": "(unknown)", "guest": "(unknown)", "machine": "(unknown)", "concerns": "(unknown)", "boot": "(unknown)", "source_fingerprint": "(unknown)",
		"metadata": null, "configuration": null, "timeouts": null, "overwrite": false, "triggers": null,
		"deletion_protection": false, "on_destroy": "delete", "drift_detection": "existence",
		"source": {"type": "vmdk", "path": "/vms/disk.vmdk", "vm": null, "checksum": null, "verify_checksums": true,
			"max_virtual_size": 70368744177664, "track": null, "luks_keys": null,
			"nics": null, "root": null, "directories": null},
		"output": {"directory": "/images", "format": "qcow2", "filename": null, "mode": null, "owner": null},
		"pipeline": `+plannedPipeline(t, func(*manifest.Pipeline) {})+`,
		"options": {"dry_run": false, "verbose": 1, "report": {"enabled": true, "path": "report.json"}}
	}`)
	if diff := cmp.Diff(want, plain(t, planned)); diff != "" {
		t.Errorf("planned state (-want +got):\n%s", diff)
	}
}

func TestPlanOfAGivenPipeline(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	resp, planned := server.plan(instance{}, `{"source": {"type": "vmdk", "path": "/vms/disk.vmdk"}, "output": {"directory": "/images"},
		"pipeline": {"inspect": {"collect_guest_info": true}, "fix": {"enabled": false}}, "options": {"report": {"path": "i.json"}}}`)
	server.noErrors(resp.Diagnostics)
	want := decode(t, plannedPipeline(t, func(p *manifest.Pipeline) {
		p.Inspect.CollectGuestInfo = true
		p.Fix.Enabled, p.Convert.Enabled, p.Validate.Enabled = false, false, false
	}))
	if diff := cmp.Diff(want, at(t, planned, "pipeline")); diff != "" {
		t.Errorf("planned pipeline (-want +got):\n%s", diff)
	}
	for path, want := range map[string]any{
		"id": "/images/i.json", "output_path": nil, "report_path": "/images/i.json", "options.report.enabled": true, "options.verbose": 1.0,
	} {
		if got := at(t, planned, path); got != want {
			t.Errorf("%s is planned as %v, want %v", path, got, want)
		}
	}
}

func TestPlannedPaths(t *testing.T) {
	t.Parallel()
	const good = `"source": {"type": "vmdk", "path": "/vms/disk.vmdk"}, "output": {"directory": "/images"}`
	tests := map[string]struct {
		config             string
		id, output, report any
	}{
		"file name":        {`{"source": {"type": "raw", "path": "/d"}, "output": {"directory": "/i", "format": "raw", "filename": "x.img"}}`, "/i/x.img", "/i/x.img", "/i/report.json"},
		"overlay":          {`{` + good + `, "pipeline": {"fix": {}}}`, "/images/disk.overlay.qcow2", "/images/disk.overlay.qcow2", "/images/report.json"},
		"dry run":          {`{` + good + `, "options": {"dry_run": true}}`, "/images/report.json", nil, "/images/report.json"},
		"neither":          {`{` + good + `, "options": {"dry_run": true, "report": {"enabled": false}}}`, "/images", nil, nil},
		"report elsewhere": {`{` + good + `, "options": {"report": {"path": "/r.json"}}}`, "/images/disk.qcow2", "/images/disk.qcow2", "/r.json"},
		"unknown directory": {
			`{"source": {"type": "vmdk", "path": "/vms/disk.vmdk"}, "output": {"directory": "(unknown)"}}`, unknownText, unknownText, unknownText,
		},
		"unknown source": {
			`{"source": {"type": "vmdk", "path": "(unknown)"}, "output": {"directory": "/images"}}`, unknownText, unknownText, "/images/report.json",
		},
		"package": {`{"source": {"type": "ova", "path": "/vms/web.ova", "vm": "(unknown)"}, "output": {"directory": "/images"}}`, "/images/web.qcow2", "/images/web.qcow2", "/images/report.json"},
		"unknown source type": {
			`{"source": {"type": "(unknown)", "path": "/d.vmdk"}, "output": {"directory": "/images"}}`, "/images/d.qcow2", "/images/d.qcow2", "/images/report.json",
		},
		"unknown stage": {`{` + good + `, "pipeline": {"fix": {}, "convert": {"enabled": "(unknown)"}}}`, unknownText, unknownText, "/images/report.json"},
		"unknown dry run": {
			`{` + good + `, "options": {"dry_run": "(unknown)", "report": {"enabled": false}}}`, unknownText, unknownText, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, fakeProvider(t), `{}`)
			resp, planned := server.plan(instance{}, test.config)
			server.noErrors(resp.Diagnostics)
			got := []any{at(t, planned, "id"), at(t, planned, "output_path"), at(t, planned, "report_path")}
			if diff := cmp.Diff([]any{test.id, test.output, test.report}, got); diff != "" {
				t.Errorf("id, output_path, report_path (-want +got):\n%s", diff)
			}
		})
	}
}
