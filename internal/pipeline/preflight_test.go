package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// TestPreflight: what it says of a raw disk of 8 MiB full of data.
func TestPreflight(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	for name, test := range map[string]struct {
		free      int64
		freed     int // bytes of a file that will be deleted
		options   Options
		edit      func(*manifest.Manifest)
		lacks     bool // the host lacks what the appliance needs
		boots     func(boot.Firmware) error
		uncertain bool
		want      string // "attribute: message"
	}{
		"all is well":                        {free: 1 << 40},
		"just enough":                        {free: 9 << 20},
		"too little":                         {free: 5 << 20, uncertain: true, want: "output.directory: disk space in DIR may not suffice: up to 8"},
		"too little for sure":                {free: 5 << 20, edit: withoutGuest, want: "output.directory: insufficient disk space in DIR: 8"},
		"freed by a deletion":                {free: 5 << 20, freed: 4 << 20, edit: withoutGuest},
		"freed, and too little":              {free: 5 << 20, freed: 1 << 20, edit: withoutGuest, want: "output.directory: insufficient disk space in DIR: 8"},
		"a file as directory":                {free: 1 << 40, edit: func(m *manifest.Manifest) { m.Output.Directory = m.Source.Path }, want: "output.directory: the output directory "},
		"a file above it":                    {free: 1 << 40, edit: func(m *manifest.Manifest) { m.Output.Directory = m.Source.Path + "/below" }, want: "output.directory: the output directory "},
		"compressed":                         {free: 5 << 20, edit: func(m *manifest.Manifest) { m.Pipeline.Convert.Compress = true }},
		"a dry run":                          {free: 5 << 20, edit: func(m *manifest.Manifest) { m.Options.DryRun = true }},
		"output not known":                   {free: 5 << 20, edit: func(m *manifest.Manifest) { m.Output.Directory = "" }},
		"source not known":                   {free: 5 << 20, edit: func(m *manifest.Manifest) { m.Source.Path = "" }},
		"source not there":                   {free: 1 << 40, edit: func(m *manifest.Manifest) { m.Source.Path += "x" }},
		"another type":                       {free: 1 << 40, edit: func(m *manifest.Manifest) { m.Source.Type = manifest.SourceVMDK }, want: "source: disk.raw is no disk image of a known format, but source.type says vmdk"},
		"no appliance":                       {free: 1 << 40, lacks: true, want: ": no kernel"},
		"no appliance, no guest":             {free: 1 << 40, lacks: true, edit: withoutGuest},
		"no QEMU to boot with":               {free: 1 << 40, boots: func(boot.Firmware) error { return errors.New("no QEMU") }, edit: booted, want: ": pipeline.validate.boot: no QEMU"},
		"no QEMU, and no boot":               {free: 1 << 40, boots: func(boot.Firmware) error { return errors.New("no QEMU") }},
		"no firmware to boot with":           {free: 1 << 40, boots: lacksBIOS, edit: booted, want: ": pipeline.validate.boot: no firmware"},
		"no firmware to boot with, no guest": {free: 1 << 40, boots: lacksBIOS, edit: func(m *manifest.Manifest) { booted(m); withoutGuest(m) }, want: ": pipeline.validate.boot: no firmware"},
		"no work directory":                  {free: 1 << 40, options: Options{WorkDirectory: "/nonexistent/work"}, want: ": the work directory /nonexistent/work does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, directory := filepath.Join(t.TempDir(), "disk.raw"), filepath.Join(t.TempDir(), "not", "there", "yet")
			if err := os.WriteFile(source, []byte(strings.Repeat("x", 8<<20)), 0o600); err != nil {
				t.Fatal(err)
			}
			m := &manifest.Manifest{
				Version: manifest.Version, Source: manifest.NewSource(manifest.SourceRaw, source),
				Output:   manifest.Output{Directory: directory, Format: manifest.FormatQCOW2},
				Pipeline: manifest.DefaultPipeline(), Options: manifest.DefaultOptions(),
			}
			if test.edit != nil {
				test.edit(m)
			}
			if test.freed > 0 {
				old := filepath.Join(t.TempDir(), "old")
				if err := os.WriteFile(old, make([]byte, test.freed), 0o600); err != nil {
					t.Fatal(err)
				}
				test.options.Freed = []string{old}
			}
			j := newJob(m, test.options)
			j.host.freeSpace = func(in string) (int64, error) {
				_, err := os.Stat(in)
				return test.free, err
			}
			j.host.lacks = test.boots
			if test.boots == nil {
				j.host.lacks = func(boot.Firmware) error { return nil }
			}
			j.host.check = func(context.Context, appliance.Acceleration) []error {
				if test.lacks {
					return []error{errors.New("no kernel")}
				}
				return nil
			}
			got := ""
			for _, problem := range j.preflight(t.Context()).Problems {
				got += problem.Attribute + ": " + problem.Message
				if problem.Uncertain {
					got += " (uncertain)"
				}
			}
			want := strings.ReplaceAll(test.want, "DIR", directory)
			if strings.HasSuffix(got, " (uncertain)") != test.uncertain {
				t.Errorf("uncertain: %t, in %q", test.uncertain, got)
			}
			if test.want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if left, err := os.ReadDir(filepath.Dir(source)); err != nil || len(left) != 1 {
				t.Errorf("beside the source there is %v (%v)", left, err)
			}
		})
	}
}

func booted(m *manifest.Manifest) { m.Pipeline.Validate.Boot.Enabled = true }

// lacksBIOS has a QEMU, and no firmware that a guest without an EFI system partition
// needs.
func lacksBIOS(firmware boot.Firmware) error {
	if firmware == boot.BIOS {
		return errors.New("no firmware")
	}
	return nil
}

func withoutGuest(m *manifest.Manifest) {
	m.Pipeline.Inspect.Enabled, m.Pipeline.Fix.Enabled = false, false
}

func TestExisting(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for path, want := range map[string]string{
		directory:                          directory,
		filepath.Join(directory, "a", "b"): directory,
		"/nonexistent/a":                   "/",
	} {
		if diff := cmp.Diff(want, existing(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}
