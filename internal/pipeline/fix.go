package pipeline

import (
	"fmt"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
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
	target := r.target()
	injection, err := r.prepareInjection(target)
	if err != nil {
		return nil, err
	}
	options := r.manifest.Pipeline.Fix
	target.Progress = r.progressUntil(checking)
	if injection != nil {
		target.Progress = r.progressUntil(injecting)
	}
	fixed, warnings, err := fix.Run(r.ctx, target, fix.Options{
		Backup:            options.Backup,
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
	result := reportedFix(fixed)
	if err := r.inject(injection, target, &result); err != nil {
		return nil, err
	}
	if err := r.completeHardware(target, &result); err != nil {
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
func (r *run) completeHardware(target fix.Target, result *report.FixResult) error {
	if result.DiskBus != "" {
		return nil
	}
	kernels, err := fix.Survey(r.ctx, target, true)
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
func (r *run) target() fix.Target {
	return fix.Target{
		FS:       r.session,
		Runner:   r.session,
		Devices:  r.system.devices,
		Mounts:   r.system.mounts,
		OS:       *r.system.os,
		Firmware: r.system.firmware,
		Space:    r.session.Space,
		NICs:     r.describedNICs(),
		Scratch:  r.artifacts.Dir(),
	}
}

// describedNICs are the network cards that a package's descriptor tells of.
func (r *run) describedNICs() []fix.NIC {
	if r.source.Machine == nil {
		return nil
	}
	var nics []fix.NIC
	for _, nic := range r.source.Machine.NICs {
		nics = append(nics, fix.NIC{Name: nic.Name, MAC: nic.MAC, Slot: nic.Slot})
	}
	return nics
}
