package manifest_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// TestCheckWindows: what a Windows cannot be given.
func TestCheckWindows(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*manifest.Manifest)
		want   []string
	}{
		"defaults": {func(*manifest.Manifest) {}, nil},
		"what it has": {func(m *manifest.Manifest) {
			m.Pipeline.Fix.VirtioWin, m.Pipeline.Fix.BlockDriver, m.Pipeline.Fix.RemoveVMwareTools = "/v.iso", manifest.BlockVioscsi, true
			m.Configuration = &manifest.Configuration{
				Hostname: &manifest.Hostname{Hostname: "WEB-01"}, Users: &manifest.Users{}, Network: &manifest.Network{},
				FirstBoot: []manifest.Script{{Name: "a.ps1"}, {Name: "B.CMD"}, {Name: "c.bat"}},
			}
		}, nil},
		"options of Linux": {func(m *manifest.Manifest) {
			fix := &m.Pipeline.Fix
			fix.PrintFstab, fix.Initramfs, fix.FstabMode, fix.BlockDriver = true, manifest.InitramfsAppend, manifest.FstabNoop, manifest.BlockVioscsi
		}, []string{"pipeline.fix.print_fstab", "pipeline.fix.initramfs", "pipeline.fix.fstab_mode", "pipeline.fix.block_driver"}},
		"options of a stage that is off": {func(m *manifest.Manifest) { m.Pipeline.Fix = manifest.Fix{PrintFstab: true} }, nil},
		"names": {func(m *manifest.Manifest) {
			m.Configuration = &manifest.Configuration{
				Hostname:  &manifest.Hostname{Hostname: "web.example.com"},
				FirstBoot: []manifest.Script{{Name: "good.ps1"}, {Name: "setup"}, {Name: "setup.sh"}},
			}
		}, []string{"configuration.hostname.hostname", "configuration.first_boot[1].name", "configuration.first_boot[2].name"}},
		"as many scripts as it runs": {func(m *manifest.Manifest) {
			m.Configuration = &manifest.Configuration{FirstBoot: slices.Repeat([]manifest.Script{{Name: "a.cmd"}}, 200)}
		}, nil},
		"more scripts than it runs": {func(m *manifest.Manifest) {
			m.Configuration = &manifest.Configuration{FirstBoot: slices.Repeat([]manifest.Script{{Name: "a.cmd"}}, 201)}
		}, []string{"configuration.first_boot"}},
		"a name of digits": {func(m *manifest.Manifest) {
			m.Configuration = &manifest.Configuration{Hostname: &manifest.Hostname{Hostname: "12345"}}
		}, []string{"configuration.hostname.hostname"}},
		"a long name": {func(m *manifest.Manifest) {
			m.Configuration = &manifest.Configuration{Hostname: &manifest.Hostname{Hostname: "sixteen-letters1"}}
		}, []string{"configuration.hostname.hostname"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &manifest.Manifest{Pipeline: manifest.DefaultPipeline()}
			test.change(m)
			if diff := cmp.Diff(test.want, pathsOf(t, m.CheckWindows())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCheckWindowsKnowsEveryField: all that the configuration has, but for the host
// name and the scripts, is refused.
func TestCheckWindowsKnowsEveryField(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/everything.json")
	if err != nil {
		t.Fatal(err)
	}
	m := decode(t, string(text))
	want := []string{
		"pipeline.fix.print_fstab", "pipeline.fix.fstab_mode", "configuration.users", "configuration.services", "configuration.hostname.domain",
		"configuration.hostname.hosts", "configuration.machine_id", "configuration.network", "configuration.first_boot[0].name",
	}
	if diff := cmp.Diff(want, pathsOf(t, m.CheckWindows())); diff != "" {
		t.Error(diff)
	}
	m.Configuration.FirstBoot = nil
	m.Configuration.Users, m.Configuration.Services, m.Configuration.MachineID, m.Configuration.Network = nil, nil, "", nil
	m.Configuration.Hostname.Domain, m.Configuration.Hostname.Hosts, m.Configuration.Hostname.Hostname = "", nil, ""
	if !m.Configuration.Empty() {
		t.Errorf("the configuration has more than CheckWindows knows: %+v", m.Configuration)
	}
}

// pathsOf are the fields that an error names.
func pathsOf(t *testing.T, err error) []string {
	t.Helper()
	var found manifest.Errors
	if err != nil && !errors.As(err, &found) {
		t.Fatalf("not a list of fields: %v", err)
	}
	var paths []string
	for _, one := range found {
		paths = append(paths, one.Path)
	}
	return paths
}
