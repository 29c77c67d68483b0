package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// TestCheckWindows: what a Windows guest cannot have is named, each by its attribute,
// to a plan and to a run.
func TestCheckWindows(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*manifest.Manifest)
		want   []string
	}{
		"as it is without a word": {func(*manifest.Manifest) {}, nil},
		"all of the stage": {
			func(m *manifest.Manifest) {
				m.Pipeline.Fix.PrintFstab, m.Pipeline.Fix.Initramfs, m.Pipeline.Fix.FstabMode = true, "rebuild", "noop"
			},
			[]string{"pipeline.fix.print_fstab", "pipeline.fix.initramfs", "pipeline.fix.fstab_mode"},
		},
		"the configuration": {func(m *manifest.Manifest) {
			m.Configuration = &manifest.Configuration{
				MachineID: "new", Hostname: &manifest.Hostname{Hostname: "12345"}, FirstBoot: []manifest.Script{{Name: "a.cmd", Content: "exit"}, {Name: "b.sh", Content: "exit"}},
			}
		}, []string{"configuration.machine_id", "configuration.hostname.hostname", "configuration.first_boot[1].name"}},
		"no fix stage":    {func(m *manifest.Manifest) { m.Pipeline.Fix.PrintFstab, m.Pipeline.Fix.Enabled = true, false }, nil},
		"for every guest": {func(m *manifest.Manifest) { m.Pipeline.Fix.Backup, m.Pipeline.Fix.Fsck = false, "off" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &manifest.Manifest{Pipeline: manifest.DefaultPipeline()}
			m.Pipeline.Fix.Enabled = true
			test.change(m)
			var named []string
			for _, problem := range windowsProblems(m) {
				named = append(named, problem.Attribute)
				if problem.Remedy == "" || problem.Message == "" {
					t.Errorf("a plan is told %+v", problem)
				}
			}
			if !slices.Equal(named, test.want) {
				t.Errorf("they are %q, want %q", named, test.want)
			}
			err := checkWindows(m)
			if (err != nil) != (len(test.want) > 0) || err != nil && remedy.Of(err) == "" {
				t.Errorf("error = %v", err)
			}
			for _, name := range test.want {
				if !strings.Contains(err.Error(), name+": ") {
					t.Errorf("%s is not in %v", name, err)
				}
			}
		})
	}
}

func TestWindowsOptions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given *manifest.Configuration
		want  fix.Options
	}{
		"nothing": {},
		"all": {
			&manifest.Configuration{Hostname: &manifest.Hostname{Hostname: "WEB01"}, FirstBoot: []manifest.Script{{Name: "a.cmd", Content: "exit"}}},
			fix.Options{Hostname: "WEB01", FirstBoot: []fix.Script{{Name: "a.cmd", Content: "exit"}}},
		},
	} {
		var got fix.Options
		windowsOptions(test.given, &got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWindowsHardware(t *testing.T) {
	t.Parallel()
	system := guest.OS{Type: kindWindows, Major: 10}
	for name, test := range map[string]struct {
		fix       manifest.Fix
		disk, nic string
	}{
		"without drivers": {manifest.Fix{BlockDriver: manifest.BlockViostor}, "sata", "e1000e"},
		"viostor":         {manifest.Fix{VirtioWin: "/x.iso", BlockDriver: manifest.BlockViostor}, "virtio", "virtio"},
		"vioscsi":         {manifest.Fix{VirtioWin: "/x.iso", BlockDriver: manifest.BlockVioscsi}, "scsi", "virtio"},
	} {
		if got := windowsHardware(test.fix, system); got.diskBus != test.disk || got.nicModel != test.nic {
			t.Errorf("%s: it is to have %s and %s", name, got.diskBus, got.nicModel)
		}
	}
}
