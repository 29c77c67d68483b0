package manifest_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	type paths struct{ Source, Directory, Output, Overlay, Report string }
	for name, test := range map[string]struct {
		source string
		output manifest.Output
		report string
		want   paths
	}{
		"named after the source": {
			"/vms/web/disk.vmdk", manifest.Output{Directory: "/out", Format: manifest.FormatQCOW2}, "report.json",
			paths{"/vms/web/disk.vmdk", "/out", "/out/disk.qcow2", "/out/disk.overlay.qcow2", "/out/report.json"},
		},
		"raw": {
			"/vms/disk.vmdk", manifest.Output{Directory: "/out", Format: manifest.FormatRaw}, "report.json",
			paths{"/vms/disk.vmdk", "/out", "/out/disk.raw", "/out/disk.overlay.qcow2", "/out/report.json"},
		},
		"vdi, dots in the source's name": {
			"/vms/web.v2.img", manifest.Output{Directory: "/out", Format: manifest.FormatVDI}, "a/report.json",
			paths{"/vms/web.v2.img", "/out", "/out/web.v2.vdi", "/out/web.v2.overlay.qcow2", "/out/a/report.json"},
		},
		"source without extension": {
			"/dev/sdb", manifest.Output{Directory: "/out", Format: manifest.FormatQCOW2}, "/var/log/../report.json",
			paths{"/dev/sdb", "/out", "/out/sdb.qcow2", "/out/sdb.overlay.qcow2", "/var/report.json"},
		},
		"source that is only an extension": {
			"/vms/.vmdk", manifest.Output{Directory: "/out", Format: manifest.FormatQCOW2}, "r",
			paths{"/vms/.vmdk", "/out", "/out/.vmdk.qcow2", "/out/.vmdk.overlay.qcow2", "/out/r"},
		},
		"given name, relative paths": {
			"vms/disk.vmdk", manifest.Output{Directory: "./out/", Format: manifest.FormatQCOW2, Filename: "web.img"}, "report.json",
			paths{
				filepath.Join(here, "vms/disk.vmdk"), filepath.Join(here, "out"), filepath.Join(here, "out/web.img"),
				filepath.Join(here, "out/disk.overlay.qcow2"), filepath.Join(here, "out/report.json"),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &manifest.Manifest{Source: manifest.Source{Path: test.source}, Output: test.output}
			m.Options.Report.Path = test.report
			got := paths{m.SourcePath(), m.OutputDirectory(), m.OutputPath(), m.FixedOverlayPath(), m.ReportPath()}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
			if m.Source.Path != test.source {
				t.Errorf("the source's path became %q", m.Source.Path)
			}
		})
	}
}

func TestPathsOfSeveralDisks(t *testing.T) {
	t.Parallel()
	m := &manifest.Manifest{
		Source: manifest.Source{Path: "/vms/web.ova"},
		Output: manifest.Output{Directory: "/out", Format: manifest.FormatQCOW2},
	}
	if diff := cmp.Diff([]string{"/out/web.qcow2", "/out/web-disk2.qcow2", "/out/web-disk3.qcow2"}, m.OutputPaths(3)); diff != "" {
		t.Errorf("OutputPaths (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/out/web.overlay.qcow2", "/out/web-disk2.overlay.qcow2"}, m.FixedOverlayPaths(2)); diff != "" {
		t.Errorf("FixedOverlayPaths (-want +got):\n%s", diff)
	}
	m.Output.Filename = "prod"
	if diff := cmp.Diff([]string{"/out/prod", "/out/prod-disk2"}, m.OutputPaths(2)); diff != "" {
		t.Errorf("OutputPaths without extension (-want +got):\n%s", diff)
	}
}

func TestEnabledStages(t *testing.T) {
	t.Parallel()
	all := &manifest.Manifest{Pipeline: manifest.DefaultPipeline()}
	if diff := cmp.Diff([]string{"load_manifest", "inspect", "fix", "convert", "validate"}, all.EnabledStages()); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	all.Options.DryRun = true
	if diff := cmp.Diff([]string{"load_manifest", "inspect", "fix"}, all.EnabledStages()); diff != "" {
		t.Errorf("dry run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"load_manifest"}, new(manifest.Manifest).EnabledStages()); diff != "" {
		t.Errorf("none (-want +got):\n%s", diff)
	}
}

func TestBootPaths(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sections        map[string]string
		log, screenshot string
	}{
		"no boot":       {nil, "", ""},
		"a boot":        {map[string]string{"pipeline": `{"convert": {}, "validate": {"boot": {"enabled": true}}}`}, "/out/report.boot.log", "/out/report.boot.png"},
		"no screenshot": {map[string]string{"pipeline": `{"convert": {}, "validate": {"boot": {"enabled": true, "screenshot": false}}}`}, "/out/report.boot.log", ""},
		"no report": {
			map[string]string{"pipeline": `{"convert": {}, "validate": {"boot": {"enabled": true}}}`, "options": `{"report": {"enabled": false}}`},
			"/out/disk.boot.log", "/out/disk.boot.png",
		},
		"a dry run": {map[string]string{"pipeline": `{"convert": {}, "validate": {"boot": {"enabled": true}}}`, "options": `{"dry_run": true}`}, "", ""},
	} {
		m := decode(t, minimal(t, test.sections))
		m.Source.Path, m.Output.Directory, m.Output.Filename = "/in/disk.vmdk", "/out", ""
		if log, screenshot := m.BootPaths(); log != test.log || screenshot != test.screenshot {
			t.Errorf("%s: %q, %q", name, log, screenshot)
		}
	}
}
