package pipeline

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/inject"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// reportedFix is what the fixes did, as the report tells it.
func reportedFix(fixed fix.Result) report.FixResult {
	return report.FixResult{
		Family:          string(fixed.Family),
		Changes:         reportedChanges(fixed.Changes),
		Kernels:         reportedKernels(fixed.Kernels),
		DiskBus:         fixed.DiskBus,
		NICModel:        fixed.NICModel,
		FstabBefore:     fixed.FstabBefore,
		FstabAfter:      fixed.FstabAfter,
		BackupDirectory: fixed.BackupDirectory,
		Unchanged:       fixed.Unchanged,
	}
}

// reportedChanges keeps the difference between no list and an empty one.
func reportedChanges[C fix.Change | inject.Change](changes []C) []report.Change {
	if changes == nil {
		return nil
	}
	reported := make([]report.Change, len(changes))
	for n, change := range changes {
		reported[n] = report.Change(change)
	}
	return reported
}

func reportedKernels(kernels []fix.Kernel) []report.Kernel {
	var reported []report.Kernel
	for _, kernel := range kernels {
		reported = append(reported, report.Kernel{
			Version: kernel.Version, Image: kernel.Image, Initramfs: kernel.Initramfs, Generator: kernel.Generator, Default: kernel.Default,
			Virtio: kernel.Virtio, Action: kernel.Action, Reason: kernel.Reason,
		})
	}
	return reported
}
