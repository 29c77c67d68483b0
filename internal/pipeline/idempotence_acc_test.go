package pipeline_test

import (
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccMigratedGuestNeedsNothing migrates a guest, and then the image that
// came out of it: the second time there is nothing to do, and the report says
// so.
func TestAccMigratedGuestNeedsNothing(t *testing.T) {
	t.Parallel()
	requireAcceptance(t)
	for _, c := range []struct {
		recipe string
		full   bool
	}{
		{testguest.Flagship, false},
		{"debian12-bios-no-virtio", true},
		{"debian12-bios-lvm", true},
		{"debian12-bios-luks", true},
		{"debian13-uefi-systemd-boot", true},
		{"debian13-gpt-xfs-dracut", true},
	} {
		t.Run(c.recipe, func(t *testing.T) {
			t.Parallel()
			if c.full {
				requireFullMatrix(t)
			}
			recipe, err := testguest.Lookup(c.recipe)
			if err != nil {
				t.Fatal(err)
			}
			first := migration(build(t, recipe), t.TempDir())
			first.Source.LUKSKeys = keysOf(recipe)
			first.Pipeline.Fix.RemoveVMwareTools = true
			if fixed := fixOf(t, first); fixed.Unchanged || len(fixed.Changes) == 0 {
				t.Errorf("the first migration changed nothing")
			}

			again := migration(first.OutputPath(), filepath.Join(t.TempDir(), "again"))
			again.Source.Type, again.Source.LUKSKeys = manifest.SourceQCOW2, keysOf(recipe)
			again.Pipeline.Fix.RemoveVMwareTools = true
			again.Options.DryRun = true
			fixed := fixOf(t, again)
			for _, change := range fixed.Changes {
				t.Errorf("the second migration %s %s: %s\n%s", change.Action, change.Path, change.Description, change.Diff)
			}
			if !fixed.Unchanged {
				t.Error("the report does not say that there was nothing to do")
			}
		})
	}
}

func fixOf(t *testing.T, m *manifest.Manifest) report.FixResult {
	t.Helper()
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
	}
	logStages(t, r)
	return resultOf[report.FixResult](t, r)
}
