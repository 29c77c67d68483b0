package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// checkedFilesystem is one file system that the fix stage may write to.
type checkedFilesystem struct {
	report.CheckedFilesystem
	device guest.Device
}

// checkBefore checks the file systems of the guest that fixes will write to.
// They are not mounted yet.
func checkBefore(j job, x examined, os guest.OS) ([]checkedFilesystem, error) {
	mode := j.manifest.Pipeline.Fix.Fsck
	if !j.manifest.Pipeline.Fix.Enabled || mode == manifest.FsckOff {
		return nil, nil
	}
	mounts, err := x.session.PlanMounts(os)
	if err != nil {
		return nil, fmt.Errorf("listing the guest's file systems: %w", err)
	}
	var all []checkedFilesystem
	for n, mount := range mounts {
		device, ok := x.device(mount.Device)
		if !ok || slices.ContainsFunc(mounts[:n], func(m guest.Mount) bool { return m.Device == mount.Device }) {
			continue
		}
		j.say.progress(80+10*float64(n)/float64(len(mounts)), "checking the file system of "+mount.Path)
		checked := checkedFilesystem{
			CheckedFilesystem: report.CheckedFilesystem{Path: mount.Path, Device: stableName(device), Type: device.FSType},
			device:            device,
		}
		if checked.Before, err = check(x.session, checked); err != nil {
			if err = damaged(j.say, checked, err, mode); err != nil {
				return nil, err
			}
		}
		all = append(all, checked)
	}
	return all, nil
}

// check looks into one file system. The error is of one that is damaged, or of
// the session.
func check(s *session, f checkedFilesystem) (string, error) {
	err := s.CheckFilesystem(f.device)
	switch {
	case err == nil:
		return report.FilesystemClean, nil
	case errors.Is(err, appliance.ErrNotChecked):
		return report.FilesystemUnchecked, nil
	case errors.Is(err, appliance.ErrDamaged):
		return report.FilesystemDamaged, err
	}
	return report.FilesystemUnchecked, err
}

const repairRemedy = "start the guest on its old machine, have it repaired there (fsck; xfs_repair), shut it down, and take its disk again; " +
	"to migrate it as it is, set pipeline.fix.fsck to warn"

// damaged turns what was found into an error or a warning.
func damaged(say *reporter, f checkedFilesystem, err error, mode manifest.FsckMode) error {
	if !errors.Is(err, appliance.ErrDamaged) {
		return err
	}
	err = fmt.Errorf("the file system %s of the guest (%s): %w", f.Path, f.Device, err)
	if mode == manifest.FsckFatal {
		return remedy.With(err, repairRemedy)
	}
	say.find(report.ConcernFilesystem, err.Error(), "have it repaired in the guest (fsck; xfs_repair)")
	return nil
}

// checkAfter checks the file systems that were written to: what was sound
// before must be so still. It unmounts the guest.
func checkAfter(say *reporter, g mounted, changed []string) ([]report.CheckedFilesystem, error) {
	if len(g.checked) == 0 {
		return nil, nil
	}
	if err := g.session.Unmount(); err != nil {
		return nil, err
	}
	written := mountsOf(g.mounts, changed)
	var results []report.CheckedFilesystem
	for n, f := range g.checked {
		switch {
		case !written[f.device.Name]:
			f.After = report.FilesystemUnchanged
		case f.Before != report.FilesystemClean:
			f.After = report.FilesystemUnchecked
		default:
			say.progress(checking+(100-checking)*float64(n)/float64(len(g.checked)), "checking the file system of "+f.Path)
			var err error
			if f.After, err = check(g.session, f); err != nil {
				return nil, fmt.Errorf("after the fixes, the file system %s of the guest (%s): %w", f.Path, f.Device, err)
			}
		}
		results = append(results, f.CheckedFilesystem)
	}
	return results, nil
}

// mountsOf are the devices of the file systems that hold the guest paths.
func mountsOf(mounts []guest.Mount, paths []string) map[string]bool {
	devices := map[string]bool{}
	for _, path := range paths {
		var device, longest string
		for _, mount := range mounts {
			point := strings.TrimSuffix(mount.Path, "/")
			if (path == mount.Path || strings.HasPrefix(path, point+"/")) && len(mount.Path) > len(longest) {
				device, longest = mount.Device, mount.Path
			}
		}
		devices[device] = true
	}
	return devices
}

// stableName is the name of a device that the guest's owner can look up.
func stableName(device guest.Device) string {
	if device.Kind == guest.KindLV {
		return device.Name
	}
	if name := device.StableName(guest.TagUUID); name != "" {
		return name
	}
	return where(device)
}
