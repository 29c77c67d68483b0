package fix

import (
	"context"
	"errors"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootloader"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/fstab"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/initrd"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// toFixAll is what repairs a guest that no fix has touched.
const toFixAll = "enable pipeline.fix"

// TellLeft tells what keeps a Linux guest that is not to be fixed from coming up on a
// machine with that hardware. It returns the disk bus that it is to be given, which may be
// another. Nothing is changed.
func TellLeft(ctx context.Context, t Target, given Hardware) (diskBus string, warnings []report.Warning, err error) {
	if t.Editor == nil {
		return given.DiskBus, nil, errors.New("no guest file system is mounted")
	}
	r := &run{Target: t, names: devname.New(t.Devices, t.Editor.Mounts()), options: Options{FstabMode: fstab.ModeNoop}, kernels: given.Kernels, untouched: true}
	r.names.First, r.result.DiskBus = t.BootDisk, given.DiskBus
	boot := bootloader.NewConfiguration(t.Editor, r.names, t.Firmware)
	err = r.verify(boot, bootable.New(t.Editor, r.names, bootable.Start{Firmware: t.Firmware, BootLoader: t.BootLoader, Core: t.Core, Untouched: true}))
	if err == nil {
		err = r.tellLeft(ctx, boot)
	}
	if err == nil {
		err = boot.TellLeftEarly(r.names.On(r.result.DiskBus), toFixAll)
	}
	_, warnings = t.Editor.Take()
	return r.result.DiskBus, warnings, err
}

// tellLeft tells, of what the options leave as it is, what the new machine will not find.
func (r *run) tellLeft(ctx context.Context, boot *bootloader.Configuration) error {
	names, o := r.names.On(r.result.DiskBus), r.options
	if err := fstab.TellLeft(r.Editor, names, o.FstabMode, r.mendedBy(false, `set pipeline.fix.fstab_mode to "stabilize-all"`)); err != nil {
		return err
	}
	if !o.UpdateGrub {
		if err := boot.TellLeft(names, r.mendedBy(false, "set pipeline.fix.update_grub to true")); err != nil {
			return err
		}
	}
	if o.RegenInitramfs {
		return nil
	}
	cards, err := network.EarlyFiles(r.Editor.Reader)
	if err != nil {
		return err
	}
	return initrd.TellLeft(ctx, r.Editor, names, cards, r.mendedBy(false, "set pipeline.fix.regen_initramfs to true"))
}

// mendedBy is what to set for something to be repaired that was not, or nothing where it
// was.
func (r *run) mendedBy(repaired bool, option string) string {
	switch {
	case repaired:
		return ""
	case r.untouched:
		return toFixAll
	}
	return option
}

// completeHardware finds out what the guest is to be given where no initramfs was looked
// at, or which kernel boots is not known.
func (r *run) completeHardware(ctx context.Context) error {
	if r.result.DiskBus != "" || r.AsItIs == nil {
		return nil
	}
	given, err := r.AsItIs(ctx)
	r.result.DiskBus, r.result.NICModel, r.kernels = given.DiskBus, given.NICModel, given.Kernels
	return err
}
