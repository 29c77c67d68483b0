package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestLibvirtXML writes the domain of what was migrated, and nothing where it could
// not, before anything is migrated where that is known.
func TestLibvirtXML(t *testing.T) {
	t.Parallel()
	machine := &report.Hardware{
		Arch: "x86_64", MachineType: "q35", Firmware: "bios", Clock: "utc", Video: "vga",
		Disks: []report.HardwareDisk{{Path: "/d/web.qcow2", Format: "qcow2", Bus: "virtio"}},
	}
	for name, test := range map[string]struct {
		pipeline, options string
		machine           *report.Hardware
		there             bool
		below             string // the directory that it is to be in
		code              int
		want              string
	}{
		"a migration":          {`{"inspect": {}, "fix": {}, "convert": {}}`, `{}`, machine, false, "", ExitSuccess, `<name>web</name>`},
		"without an image":     {`{"inspect": {}}`, `{}`, machine, false, "", ExitInvalid, "writes no image"},
		"a dry run":            {`{"inspect": {}, "convert": {}}`, `{"dry_run": true}`, machine, false, "", ExitInvalid, "writes no image"},
		"without a look":       {`{"convert": {}}`, `{}`, machine, false, "", ExitInvalid, "inspect and fix"},
		"a file that is there": {`{"inspect": {}, "convert": {}}`, `{}`, machine, true, "", ExitInvalid, "exists already"},
		"no directory":         {`{"inspect": {}, "convert": {}}`, `{}`, machine, false, "none", ExitInvalid, "no such file or directory"},
		"nothing known":        {`{"inspect": {}, "convert": {}}`, `{}`, nil, false, "", ExitFailed, "does not tell what the machine needs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), test.below, "web.xml")
			if test.there {
				if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			ran := false
			var stderr bytes.Buffer
			c := &Command{
				Stdin: strings.NewReader(`{"version": "1.0", "source": {"type": "vmdk", "path": "/s/web.vmdk"}, "output": {"directory": "/d"}, "pipeline": ` +
					test.pipeline + `, "options": ` + test.options + `}`),
				Stdout: &bytes.Buffer{}, Stderr: &stderr,
				Engine: func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
					ran = true
					r := report.New()
					r.NewMachine, r.Pipeline.Success = test.machine, true
					return r, nil
				},
			}
			code := c.Run(t.Context(), []string{"--manifest", "-", "--libvirt-xml", path})
			written, err := os.ReadFile(path)
			said := stderr.String()
			if test.code == ExitSuccess {
				said = string(written)
			}
			if code != test.code || !strings.Contains(said, test.want) || ran != (test.code != ExitInvalid) {
				t.Errorf("code %d, engine ran %t, %s", code, ran, said)
			}
			if there := err == nil; there != (test.there || test.code == ExitSuccess) || test.there && string(written) != "mine" {
				t.Errorf("the file is there: %t, %q", there, written)
			}
		})
	}
}

// TestLibvirtXMLInNewOutput: the migration makes its output directory.
func TestLibvirtXMLInNewOutput(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "new")
	m := manifest.Manifest{Output: manifest.Output{Directory: output}}
	m.Pipeline.Convert.Enabled, m.Pipeline.Inspect.Enabled = true, true
	if err := checkLibvirtXML(filepath.Join(output, "web.xml"), &m); err != nil {
		t.Error(err)
	}
}
