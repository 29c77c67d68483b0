package manifest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func TestCheckHost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, m *manifest.Manifest)
		want    string // how the error begins; DIR stands for the test's directory
	}{
		"readable": {func(*testing.T, *manifest.Manifest) {}, ""},
		"absent": {
			func(t *testing.T, m *manifest.Manifest) { mustDo(t, os.Remove(m.Source.Path)) },
			"source.path: source path not found: DIR/disk.qcow2",
		},
		"a directory": {
			func(_ *testing.T, m *manifest.Manifest) { m.Source.Path = filepath.Dir(m.Source.Path) },
			"source.path: DIR is a directory: name the disk image in it",
		},
		"in a file": {
			func(_ *testing.T, m *manifest.Manifest) { m.Source.Path += "/disk" },
			"source.path: source path cannot be used:",
		},
		"a character device": {
			func(_ *testing.T, m *manifest.Manifest) { m.Source.Path = "/dev/null" },
			"source.path: /dev/null is neither a file nor a block device",
		},
		"unreadable": {
			func(t *testing.T, m *manifest.Manifest) {
				if os.Geteuid() == 0 {
					t.Skip("root reads everything")
				}
				mustDo(t, os.Chmod(m.Source.Path, 0))
			},
			"source.path: source path cannot be read: open DIR/disk.qcow2: permission denied: let the user who migrates read the file",
		},
		"the output is a link to the source": {
			func(t *testing.T, m *manifest.Manifest) {
				mustDo(t, os.Mkdir(m.Output.Directory, 0o755))
				mustDo(t, os.Link(m.Source.Path, m.OutputPath()))
			},
			"output.filename: DIR/out/disk.qcow2 is the source itself under another name",
		},
		"the output directory is a link to the source's": {
			func(t *testing.T, m *manifest.Manifest) {
				mustDo(t, os.Symlink(filepath.Dir(m.Source.Path), m.Output.Directory))
			},
			"output.filename: DIR/out/disk.qcow2 is the source itself under another name",
		},
		"an owner that is not there": {
			func(_ *testing.T, m *manifest.Manifest) { m.Output.Owner = "no-such-user-here" },
			"output.owner: this host has no user no-such-user-here: name one that it has, or give the number",
		},
		"a group that is not there": {
			func(_ *testing.T, m *manifest.Manifest) { m.Output.Owner = ":no-such-group-here" },
			"output.owner: this host has no group no-such-group-here",
		},
		"an owner whom only root can give files": {
			func(t *testing.T, m *manifest.Manifest) {
				if os.Geteuid() == 0 {
					t.Skip("root gives files to everybody")
				}
				m.Output.Owner = "0"
			},
			`output.owner: only root can give files to "0"`,
		},
		"drivers that are not there": {
			func(_ *testing.T, m *manifest.Manifest) {
				m.Pipeline.Fix.VirtioWin = filepath.Join(filepath.Dir(m.Source.Path), "virtio-win.iso")
			},
			"pipeline.fix.virtio_win: virtio-win cannot be opened: open DIR/virtio-win.iso: no such file or directory: name its ISO image",
		},
		"drivers that are no file": {
			func(_ *testing.T, m *manifest.Manifest) { m.Pipeline.Fix.VirtioWin = "/dev/null" },
			"pipeline.fix.virtio_win: /dev/null is neither an ISO image nor a directory",
		},
		"drivers in an empty directory": {
			func(t *testing.T, m *manifest.Manifest) { m.Pipeline.Fix.VirtioWin = t.TempDir() }, "",
		},
		"drivers that nobody installs": {
			func(_ *testing.T, m *manifest.Manifest) {
				m.Pipeline.Fix.VirtioWin, m.Pipeline.Fix.Enabled = "/nowhere", false
			},
			"",
		},
		"whoever migrates": {
			func(_ *testing.T, m *manifest.Manifest) {
				m.Output.Owner = fmt.Sprintf("%d:%d", os.Geteuid(), os.Getegid())
			},
			"",
		},
		"another file at the output": {
			func(t *testing.T, m *manifest.Manifest) {
				mustDo(t, os.Mkdir(m.Output.Directory, 0o755))
				mustDo(t, os.WriteFile(m.OutputPath(), nil, 0o600))
			},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			m := &manifest.Manifest{
				Version:  manifest.Version,
				Source:   manifest.NewSource(manifest.SourceQCOW2, filepath.Join(directory, "disk.qcow2")),
				Output:   manifest.Output{Directory: filepath.Join(directory, "out"), Format: manifest.FormatQCOW2},
				Pipeline: manifest.DefaultPipeline(),
				Options:  manifest.DefaultOptions(),
			}
			mustDo(t, os.WriteFile(m.Source.Path, []byte("disk"), 0o600))
			test.prepare(t, m)
			mustDo(t, m.Validate())

			err := m.CheckHost()
			want := strings.ReplaceAll(test.want, "DIR", directory)
			var found manifest.Errors
			switch {
			case want == "" && err != nil:
				t.Error(err)
			case want != "" && !errors.As(err, &found):
				t.Errorf("got %v, want %s", err, want)
			case want != "" && !strings.HasPrefix(err.Error(), want):
				t.Errorf("got %v, want %s", err, want)
			}
			if err := m.CheckHost("source.path", "output"); err != nil && !strings.HasPrefix(want, "pipeline.") {
				t.Errorf("while neither is known: %v", err)
			}
			if err := m.CheckHost("options.dry_run"); err != nil && strings.HasPrefix(want, "output.") {
				t.Errorf("while it may be a dry run: %v", err)
			}
		})
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
