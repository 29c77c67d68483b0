package pipeline

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// reportedFix is what the fixes did, as the report tells it.
func reportedFix(fixed fix.Result) report.FixResult {
	return report.FixResult{
		Family:          string(fixed.Family),
		Changes:         fixed.Changes,
		Kernels:         fixed.Kernels,
		DiskBus:         fixed.DiskBus,
		NICModel:        fixed.NICModel,
		FstabBefore:     fixed.FstabBefore,
		FstabAfter:      fixed.FstabAfter,
		BackupDirectory: fixed.BackupDirectory,
		Unchanged:       fixed.Unchanged,
	}
}
