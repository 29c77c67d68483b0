package initrd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// seal is why an initramfs cannot be written anew, and what can be done about that in the
// guest. The zero value is that of one that can.
type seal struct{ why, remedy string }

// byLILO is of what the boot loader would not find any more if it were written anew.
var byLILO = seal{
	"LILO has written down on which blocks it lies",
	"build it in the guest with the virtio drivers, and run lilo, before the migration; or install GRUB in the guest before the migration",
}

// inUnified is of what is in a unified kernel image, and why it stays as it is.
func inUnified(why string) seal {
	why = strings.TrimPrefix(why, unifiedimage.ErrSealed.Error()+": ")
	return seal{
		"it is in a unified kernel image, and " + why,
		"build that image anew in the guest with the virtio drivers before the migration",
	}
}

// keepSealed leaves an image alone, and tells what that means.
func (p *imageRepair) keepSealed(stale staleReferences) error {
	if err := p.warnCardNames(); err != nil {
		return err
	}
	p.result.Action, p.result.Reason = Kept, "it has what is needed"
	lacked := slices.Concat(p.lacked, stale.specs, stale.waits)
	p.lacked = nil
	if complete := len(lacked) == 0 && len(stale.files) == 0; complete && p.mode != ModeRebuild {
		return nil
	} else if complete && p.kernel.Unified() { // which nobody can rebuild, and which may not even be started
		p.result.Reason += "; " + p.sealed.why
		return nil
	}
	p.result.Reason = p.sealed.why + ", so that nothing can be done about what it lacks or has of the old machine"
	if len(lacked) > 0 {
		p.result.Reason += " (" + strings.Join(lacked, ", ") + ")"
	}
	if p.mode == ModeAppend || p.mode == ModeRebuild {
		return fmt.Errorf("%s cannot be changed: %s; set pipeline.fix.initramfs to %q, which leaves it as it is", p.kernel.Initramfs, p.result.Reason, ModeAuto)
	}
	p.edit.Warn(report.ConcernInitramfs, fmt.Sprintf("the initramfs %s stays as it is: %s", p.kernel.Initramfs, p.result.Reason), p.sealed.remedy)
	return nil
}
