package pipeline

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs/blockfstest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/offline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// inspectionJob inspects a small Debian, whose disk edit may change, on a host
// without libguestfs.
func inspectionJob(t *testing.T, edit func(disk []byte)) job {
	t.Helper()
	requireQEMUImg(t)
	if _, err := exec.LookPath("qemu-nbd"); err != nil {
		t.Skip("needs qemu-nbd (Debian: qemu-utils)")
	}
	image := blockfstest.Load(t, "../offline/testdata", "debian")
	disk := make([]byte, image.Size)
	if _, err := image.ReadAt(disk, 0); err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(disk)
	}
	source := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(source, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{
		Version: manifest.Version, Source: manifest.NewSource(manifest.SourceRaw, source),
		Output: manifest.Output{Directory: t.TempDir(), Format: manifest.FormatQCOW2}, Options: manifest.DefaultOptions(),
	}
	m.Pipeline = manifest.DefaultPipeline()
	m.Pipeline.Fix.Enabled, m.Pipeline.Convert.Enabled, m.Pipeline.Validate.Enabled = false, false, false
	m.Options.Report.Enabled = false
	m.Pipeline.Inspect.CollectGuestInfo = true
	j := newJob(m, Options{})
	j.host.check = func(context.Context, appliance.Acceleration) []error {
		return []error{remedy.With(errors.New("no library"), "install it")}
	}
	return j
}

func TestInspectionWithoutAppliance(t *testing.T) {
	t.Parallel()
	j := inspectionJob(t, nil)
	if foreseen := j.preflight(t.Context()); len(foreseen.Problems) != 0 || foreseen.Guest == "" {
		t.Errorf("foreseen: %+v", foreseen)
	}
	result, err := j.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen, err := report.ResultOf[report.Inspection](result)
	if err != nil {
		t.Fatal(err)
	}
	if seen.InspectedBy != report.InspectedDirectly || seen.Accelerator != "" {
		t.Errorf("inspected by %q on %q", seen.InspectedBy, seen.Accelerator)
	}
	if g := seen.Guest; g.Distro != "debian" || g.Version != "12.9" || g.Hostname != "web1" || g.Firmware != "bios" || len(g.Kernels) != 1 {
		t.Errorf("the guest is %+v", g)
	}
	if len(seen.Disks) != 1 || len(seen.Disks[0].Filesystems) != 2 || len(seen.Disks[0].Partitions) != 2 || seen.Source.VirtualSize != 8<<20 {
		t.Errorf("the disks are %+v", seen.Disks)
	}
	if left, err := filepath.Glob(filepath.Join(j.manifest.Output.Directory, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestInspectionNeedsAppliance: what cannot be read is said beside what is missing
// for another way.
func TestInspectionNeedsAppliance(t *testing.T) {
	t.Parallel()
	j := inspectionJob(t, func(disk []byte) { copy(disk[1<<20+0x10040:], "_BHRfS_M") })
	result, err := j.run(t.Context())
	if err == nil || stageOf(err, "") != report.StageInspect {
		t.Fatalf("error %v", err)
	}
	if len(result.Errors) != 2 || !strings.Contains(result.Errors[0].Message, "/dev/sda1 (btrfs)") || !strings.Contains(result.Errors[1].Message, "no library") ||
		!strings.Contains(result.Errors[1].Remedy, "install it") {
		t.Errorf("the report has %+v", result.Errors)
	}
	if len(result.Warnings) != 0 {
		t.Errorf("warnings of what came to nothing: %+v", result.Warnings)
	}
}

func TestInspectionOfAHibernatedGuest(t *testing.T) {
	t.Parallel()
	j := inspectionJob(t, func(disk []byte) {
		copy(disk[strings.Index(string(disk), "SWAPSPACE2"):], "S1SUSPEND\x00")
		disk[3<<20+1024+0x60] |= 0x4 // not unmounted
	})
	result, err := j.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var warnings []string
	for _, warning := range result.Warnings {
		warnings = append(warnings, warning.Message)
	}
	for _, want := range []string{"the guest is hibernated: its memory is kept in the swap area /swapfile", "/dev/sda2 were not unmounted"} {
		if !strings.Contains(strings.Join(warnings, "\n"), want) {
			t.Errorf("warnings are %q, want %q", warnings, want)
		}
	}
}

func TestKnownSystems(t *testing.T) {
	t.Parallel()
	devices := guest.Devices{{Name: "/dev/sda"}, {Name: "/dev/sda1", FSType: "ext4", UUID: "u"}}
	known := func(edit func(*offline.View)) *offline.View {
		view := &offline.View{Devices: append(guest.Devices{}, devices...), Systems: []guest.OS{{Root: "/dev/sda1"}}}
		edit(view)
		return view
	}
	if systems := knownSystems(known(func(*offline.View) {}), devices); len(systems) != 1 {
		t.Errorf("what was seen is not taken: %+v", systems)
	}
	for name, view := range map[string]*offline.View{
		"nothing was seen": nil,
		"not all was read": known(func(v *offline.View) { v.Unread = []string{"x"} }),
		"not unmounted":    known(func(v *offline.View) { v.Stale = []string{"/dev/sda1"} }),
		"no system":        known(func(v *offline.View) { v.Systems = nil }),
		"another UUID":     known(func(v *offline.View) { v.Devices[1].UUID = "v" }),
		"another name":     known(func(v *offline.View) { v.Devices[1].Name = "/dev/sdb1" }),
		"one device more":  known(func(v *offline.View) { v.Devices = append(v.Devices, guest.Device{Name: "/dev/sda2", FSType: "xfs"}) }),
		"one device less":  known(func(v *offline.View) { v.Devices = v.Devices[:1] }),
	} {
		if systems := knownSystems(view, devices); systems != nil {
			t.Errorf("%s: %+v", name, systems)
		}
	}
}
