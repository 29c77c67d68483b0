package pipeline_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// guestOfTwoDisks comes as a package, so that it is not a row of the matrix.
const guestOfTwoDisks = "debian12-bios-two-disks"

// TestAccTwoDisksBoot migrates a package with a guest whose root lies over two
// disks and which starts from the second of them.
func TestAccTwoDisksBoot(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	recipe, err := testguest.Lookup(guestOfTwoDisks)
	if err != nil {
		t.Fatal(err)
	}
	disks, err := testguest.BuildDisks(t.Context(), recipe, io.Discard)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("unfixed", func(t *testing.T) {
		var plain []string
		for n, disk := range disks {
			plain = append(plain, filepath.Join(t.TempDir(), fmt.Sprint("plain", n)))
			qemuImg(t, "convert", "-f", "vmdk", "-O", "qcow2", disk, plain[n])
		}
		result := boot(t, plain[1], recipe.Firmware, plain[0])
		if result.State != recipe.Boots {
			t.Fatalf("a plain conversion reached %q, expected %q\n%s", result.State, recipe.Boots, tail(result.Console))
		}
		t.Logf("plain conversion: %s after %s: %s", result.State, result.Duration.Round(time.Second), result.Reason)
	})

	t.Run("migrated", func(t *testing.T) {
		directory := t.TempDir()
		ova := makeOVA(t, packagedMachine{name: "db02", disks: disks})
		before := digest(t, ova)
		m := migration(ova, directory)
		m.Source.Type, m.Output.Filename = manifest.SourceOVA, ""
		m.Pipeline.Inspect.CollectGuestInfo, m.Pipeline.Validate.Boot.Enabled = true, true
		r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
		if err != nil {
			t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
		}
		logStages(t, r)
		if after := digest(t, ova); after != before {
			t.Errorf("the source changed: sha256 %s became %s", before, after)
		}
		var images []string
		for _, a := range report.Images(r.Artifacts) {
			images = append(images, a.Path)
		}
		if want := []string{filepath.Join(directory, "db02.qcow2"), filepath.Join(directory, "db02-disk2.qcow2")}; !slices.Equal(images, want) {
			t.Fatalf("artifacts %q, want %q", images, want)
		}
		inspected := resultOf[report.Inspection](t, r)
		if want := recipe.Layout.Disks[1].SizeMiB << 20; inspected.BootDisk != 1 || inspected.Guest.Hostname != recipe.Hostname ||
			inspected.Guest.VirtualSize != want || r.Artifacts[0].VirtualSize != want {
			t.Errorf("inspected %+v, artifacts %+v", inspected, r.Artifacts)
		}

		result := boot(t, images[0], recipe.Firmware, images[1:]...)
		if result.State != testguest.StateLogin || result.Probe == nil {
			t.Fatalf("the migrated guest reached %q: %s\n%s", result.State, result.Reason, tail(result.Console))
		}
		t.Logf("migrated: login prompt after %s", result.Duration.Round(time.Second))
		c := guestCase{nic: "ens192", address: "192.0.2.19/24", mounts: []string{"/", "/boot"}}
		checkProbe(t, c, recipe, *result.Probe)
		checkFacts(t, c, recipe, bootOf(t, r))
	})
}

// TestAccInspectNoticesAChangingSource proves that no report is given on a
// source that was written to meanwhile, also where nothing is converted.
func TestAccInspectNoticesAChangingSource(t *testing.T) {
	requireFullMatrix(t)
	m := conversion(smallVMDK(t), t.TempDir())
	m.Pipeline.Inspect.Enabled, m.Pipeline.Convert.Enabled, m.Pipeline.Validate.Enabled = true, false, false
	_, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto", Notify: func(e report.Event) {
		if e.Type == report.EventStageStarted && e.Stage == report.StageInspect {
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(m.Source.Path, later, later); err != nil {
				t.Error(err)
			}
		}
	}})
	if err == nil || !strings.Contains(err.Error(), "the source changed while it was read") {
		t.Errorf("error is %v", err)
	}
}
