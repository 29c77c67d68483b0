package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestLinuxOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*manifest.Fix)
		want   []string
	}{
		"as it is without a word": {func(*manifest.Fix) {}, nil},
		"all":                     {func(f *manifest.Fix) { f.PrintFstab, f.Initramfs, f.FstabMode = true, "rebuild", "noop" }, []string{"print_fstab", "initramfs", "fstab_mode"}},
		"no fix stage":            {func(f *manifest.Fix) { f.PrintFstab, f.Enabled = true, false }, nil},
		"for every guest":         {func(f *manifest.Fix) { f.Backup, f.RemoveVMwareTools, f.Fsck = false, true, "off" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &manifest.Manifest{Pipeline: manifest.DefaultPipeline()}
			m.Pipeline.Fix.Enabled = true
			test.change(&m.Pipeline.Fix)
			var named []string
			for _, problem := range linuxOnly(m) {
				named = append(named, strings.TrimPrefix(problem.Attribute, "pipeline.fix."))
			}
			if !slices.Equal(named, test.want) {
				t.Errorf("they are %q, want %q", named, test.want)
			}
			err := linuxOnlyError(m)
			if (err != nil) != (len(test.want) > 0) || err != nil && remedy.Of(err) == "" {
				t.Errorf("error = %v", err)
			}
			for _, name := range test.want {
				if !strings.Contains(err.Error(), "pipeline.fix."+name+": is for Linux guests only") {
					t.Errorf("%s is not in %v", name, err)
				}
			}
		})
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
