package pipeline

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// How far the fix stage is, in percent, when injection and when the last check
// of the file systems begin.
const (
	injecting = 85.0
	checking  = 95.0
)

// fixed is the guest after the fix stage.
type fixed struct {
	report report.FixResult
	guest  mounted
	// images are the overlays where these are the output, else none.
	images []image
	trial  trial // of these
	// known is what its new machine has to know of the guest.
	known report.Guest
}

func (f fixed) result() report.StageResult { return f.report }

// repair prepares the guest for KVM inside the overlay, and injects the manifest's
// configuration.
func repair(ctx context.Context, j job, g mounted) (fixed, error) {
	target := g.target()
	if g.os.Type == kindWindows {
		if err := checkWindows(j.manifest); err != nil {
			return fixed{}, err
		}
	}
	target.AsItIs = func(ctx context.Context) (fix.Hardware, error) { return asItIs(ctx, j.say, g.os, g.firmware, g.editor) }
	injection, err := prepareInjection(ctx, j, target)
	if err != nil {
		return fixed{}, err
	}
	options := j.manifest.Pipeline.Fix
	target.Progress = j.say.progressUntil(checking)
	if injection.wanted {
		target.Progress = j.say.progressUntil(injecting)
	}
	done := fixed{guest: g, known: describeSystem(g, describeMachine(g.examined))}
	var warnings []report.Warning
	wanted := fix.Options{
		PrintFstab:        options.PrintFstab,
		UpdateGrub:        options.UpdateGrub,
		RegenInitramfs:    options.RegenInitramfs,
		Initramfs:         string(options.Initramfs),
		FstabMode:         string(options.FstabMode),
		RemoveVMwareTools: options.RemoveVMwareTools,
		VirtioWin:         options.VirtioWinPath(),
		BlockDriver:       string(options.BlockDriver),
	}
	if g.os.Type == kindWindows {
		windowsOptions(j.manifest.Configuration, &wanted)
	}
	done.report, warnings, err = fix.Run(ctx, target, wanted)
	j.say.findAll(warnings)
	if err != nil {
		return fixed{}, err
	}
	if err := injection.run(ctx, j.say, g.editor, &done.report); err != nil {
		return fixed{}, err
	}
	if done.report.Filesystems, err = checkAfter(j.say, g, writtenPaths(done.report)); err != nil {
		return fixed{}, err
	}
	if j.manifest.Options.DryRun || j.manifest.Pipeline.Convert.Enabled {
		return done, verifySource(j, g.opened.source)
	}
	done.images, done.trial, err = keepOverlays(ctx, j, g)
	return done, err
}

// asItIs says what the guest is to be given where no fix sees to its initramfs images, or
// which kernel boots is not known.
func asItIs(ctx context.Context, say *reporter, os guest.OS, firmware string, e *edit.Editor) (fix.Hardware, error) {
	kernels, err := kernel.Survey(ctx, e.Reader, true, firmware)
	if err != nil {
		return fix.Hardware{}, fmt.Errorf("reading the guest's kernels: %w", err)
	}
	needed := advise(say, hardwareFor(os, kernels))
	return fix.Hardware{DiskBus: needed.diskBus, NICModel: needed.nicModel, Kernels: kernels}, nil
}

// writtenPaths are guest paths in every file system that was written to.
func writtenPaths(result report.FixResult) []string {
	paths := []string{}
	for _, change := range result.Changes {
		if change.Action == report.ActionCommand {
			// Programs write where they like.
			paths = append(paths, "/", "/usr", "/var", "/boot", "/boot/efi", "/efi")
		}
		paths = append(paths, change.Path)
	}
	if result.BackupDirectory != "" {
		paths = append(paths, result.BackupDirectory)
	}
	if injected := result.Configuration; injected != nil {
		for _, change := range injected.Changes {
			paths = append(paths, change.Path)
		}
	}
	return paths
}

// keepOverlays makes the fixed overlays themselves the output of a run that
// does not convert.
func keepOverlays(ctx context.Context, j job, g mounted) ([]image, trial, error) {
	content, err := g.release(ctx, j)
	if err != nil {
		return nil, trial{}, err
	}
	o, images := g.opened, []image{}
	order := bootOrder(j.say, o.source.Disks, content.bootDisk, content.bootDiskCertain)
	for position, final := range j.manifest.FixedOverlayPaths(len(order)) {
		n := order[position]
		temporary, err := o.artifacts.Temporary(final)
		if err != nil {
			return nil, trial{}, err
		}
		if err := artifact.Move(g.overlays[n], temporary); err != nil {
			return nil, trial{}, err
		}
		disk := o.source.Disks[n]
		images = append(images, image{
			temporary: temporary, final: final, format: "qcow2",
			kind: report.ArtifactFixedOverlay, virtualSize: disk.VirtualSize, layer: content.trial.layer(n), sectorSize: o.unusualSector(n),
		})
		j.say.find(report.ConcernOverlay, filepath.Base(final)+" holds only the changes: it needs "+disk.Name+" to stay where it is, unchanged",
			"enable the convert stage to get an image that stands alone")
	}
	if err := verifySource(j, o.source); err != nil {
		return nil, trial{}, err
	}
	if j.manifest.Pipeline.Validate.Enabled {
		return images, content.trial, nil
	}
	return images, trial{}, j.out.publish(ctx, o.artifacts, images)
}
