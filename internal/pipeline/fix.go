package pipeline

import (
	"fmt"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// How far the fix stage is, in percent, when injection and when the last check
// of the file systems begin.
const (
	injecting = 85.0
	checking  = 95.0
)

// fix prepares the guest for KVM inside the overlay, and injects the manifest's
// configuration.
func (r *run) fix() (report.StageResult, error) {
	if err := r.mountSystem(); err != nil {
		return nil, err
	}
	target, err := r.target()
	if err != nil {
		return nil, err
	}
	injection, err := r.prepareInjection(target)
	if err != nil {
		return nil, err
	}
	options := r.manifest.Pipeline.Fix
	target.Progress = r.progressUntil(checking)
	if injection != nil {
		target.Progress = r.progressUntil(injecting)
	}
	result, warnings, err := fix.Run(r.ctx, target, fix.Options{
		PrintFstab:        options.PrintFstab,
		UpdateGrub:        options.UpdateGrub,
		RegenInitramfs:    options.RegenInitramfs,
		Initramfs:         string(options.Initramfs),
		FstabMode:         string(options.FstabMode),
		RemoveVMwareTools: options.RemoveVMwareTools,
	})
	for _, w := range warnings {
		r.warn(w.Message, w.Remedy)
	}
	if err != nil {
		return nil, err
	}
	if err := r.inject(injection, target.Editor, &result); err != nil {
		return nil, err
	}
	if err := r.completeHardware(target.Editor, &result); err != nil {
		return nil, err
	}
	if result.Filesystems, err = r.checkAfter(writtenPaths(result)); err != nil {
		return nil, err
	}
	if r.manifest.Options.DryRun || r.manifest.Pipeline.Convert.Enabled {
		return result, r.verifySource()
	}
	return result, r.keepOverlays()
}

// completeHardware says what the guest is to be given where the fixes do not: no
// initramfs was looked at, or which kernel boots is not known.
func (r *run) completeHardware(e *edit.Editor, result *report.FixResult) error {
	if result.DiskBus != "" {
		return nil
	}
	kernels, err := kernel.Survey(r.ctx, e, true)
	if err != nil {
		return fmt.Errorf("reading the guest's kernels: %w", err)
	}
	needed := r.adviseHardware(kernels)
	result.DiskBus, result.NICModel = needed.diskBus, needed.nicModel
	return nil
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
func (r *run) keepOverlays() error {
	if _, err := r.trim(); err != nil {
		return err
	}
	if err := r.closeSession(); err != nil {
		return err
	}
	order := r.bootOrder()
	for position, final := range r.manifest.FixedOverlayPaths(len(order)) {
		n := order[position]
		temporary, err := r.artifacts.Temporary(final)
		if err != nil {
			return err
		}
		if err := artifact.Move(r.overlays[n], temporary); err != nil {
			return err
		}
		r.images = append(r.images, image{
			temporary: temporary, final: final, format: "qcow2",
			kind: report.ArtifactFixedOverlay, virtualSize: r.source.Disks[n].VirtualSize,
		})
		r.warn(filepath.Base(final)+" holds only the changes: it needs "+r.source.Disks[n].Name+" to stay where it is, unchanged",
			"enable the convert stage to get an image that stands alone")
	}
	if err := r.verifySource(); err != nil {
		return err
	}
	if r.manifest.Pipeline.Validate.Enabled {
		return nil
	}
	return r.publish()
}

// target is the mounted guest as fixes see it.
func (r *run) target() (fix.Target, error) {
	if r.editor == nil {
		editor, err := edit.New(edit.Guest{
			FS: r.session, Runner: r.session, Mounts: r.system.mounts, Space: r.session.Space, Scratch: r.artifacts.Dir(),
		}, r.manifest.Pipeline.Fix.Backup)
		if err != nil {
			return fix.Target{}, err
		}
		r.editor = editor
	}
	return fix.Target{
		Editor:   r.editor,
		Devices:  r.system.devices,
		OS:       *r.system.os,
		Firmware: r.system.firmware,
		NICs:     r.describedNICs(),
	}, nil
}

// describedNICs are the network cards that a package's descriptor tells of.
func (r *run) describedNICs() []report.NIC {
	if r.source.Machine == nil {
		return nil
	}
	return r.source.Machine.NICs
}
