package fix

import (
	"context"
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootloader"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/esp"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/fstab"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/initrd"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/leftover"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/vmwaretools"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// linux is the wing of Linux guests. Names come first. What an initramfs embeds
// (crypttab, resume, network links, modules of removed software) must be final
// before the initramfs is looked at. Labels are last: any other step may write
// files.
func (r *run) linux() []step {
	e, names, o := r.Editor, r.names, r.options
	boot := bootloader.NewConfiguration(e, names, r.Firmware)
	start := bootable.New(e, names, bootable.Start{Firmware: r.Firmware, BootLoader: r.BootLoader, Core: r.Core})
	updateGrub := func(o Options) bool { return o.UpdateGrub }
	return []step{
		{"check the guest", 1, nil, simple(r.check)},
		{"fstab", 1, nil, simple(r.fixFstab)},
		{"crypttab", 1, nil, simple(func() error { return fstab.FixCrypttab(e, names, o.FstabMode) })},
		{"boot loader configuration", 2, updateGrub, simple(boot.Fix)},
		{"device map", 1, updateGrub, simple(func() error { return bootloader.FixDeviceMap(e) })},
		{"early boot configuration", 1, nil, simple(boot.FixEarlyFiles)},
		{"caches", 1, nil, simple(func() error { return bootloader.RemoveCaches(e) })},
		{"UEFI fallback loader", 1, nil, simple(func() error { return esp.FixFallbackLoader(e, r.OS, r.Firmware) })},
		{"boot loader configuration before tools run", 1, nil, simple(boot.Remember)},
		{
			"VMware tools", 10, func(o Options) bool { return o.RemoveVMwareTools },
			func(ctx context.Context) error { return vmwaretools.Remove(ctx, e) },
		},
		{"boot menu", 2, updateGrub, boot.Regenerate},
		{"default of the boot menu", 1, updateGrub, simple(start.MendDefault)},
		{"network", 1, nil, simple(func() error { return network.Fix(e, r.NICs) })},
		{"initramfs", 20, func(o Options) bool { return o.RegenInitramfs }, func(ctx context.Context) error { return r.fixInitramfs(ctx, start) }},
		{"hardware", 1, nil, r.completeHardware},
		{"boot loader configuration after tools ran", 1, nil, simple(boot.CorrectRegenerated)},
		{"checksums in the boot menu", 1, nil, simple(start.FixChecksums)},
		{"disks that GRUB goes onto", 1, updateGrub, simple(func() error { return boot.FixInstallDevices(r.result.DiskBus) })},
		{"verify boot configuration", 1, nil, simple(func() error { return r.verify(boot, start) })},
		{"what stays as it is", 1, nil, func(ctx context.Context) error { return r.tellLeft(ctx, boot) }},
		{"left-over names", 1, nil, simple(r.findLeftovers)},
		{"SELinux labels", 1, nil, e.Label},
	}
}

// verify makes sure that the guest starts, and notes what disk that needs.
func (r *run) verify(boot *bootloader.Configuration, start *bootable.Guest) error {
	if r.options.UpdateGrub {
		if err := boot.Verify(); err != nil {
			return err
		}
	}
	if err := boot.WarnUnifiedImages(r.options.UpdateGrub); err != nil {
		return err
	}
	needsOldDisk, err := start.Require(r.mendedBy(r.options.UpdateGrub, "set pipeline.fix.update_grub to true"))
	if err != nil {
		return err
	}
	if needsOldDisk && r.result.DiskBus != "" && r.result.DiskBus != "sata" { // else nothing is known of its drivers
		r.result.DiskBus = "sata"
		initrd.WarnNoSATA(r.Editor, r.kernels)
	}
	return nil
}

// simple is a step that is over too soon to be cancelled.
func simple(do func() error) func(context.Context) error {
	return func(context.Context) error { return do() }
}

// requiredSpace covers what fixes always write; the copy of an initramfs is
// bounded when it is made.
var requiredSpace = []edit.RequiredSpace{
	{Path: "/", Bytes: 20 << 20, Inodes: 100},
	{Path: "/var", Bytes: 10 << 20, Inodes: 50}, // the originals of what is changed
	{Path: "/boot", Bytes: 4 << 20, Inodes: 10},
	{Path: "/boot/efi", Bytes: 64 << 10, Inodes: 2},
	{Path: "/efi", Bytes: 64 << 10, Inodes: 2},
}

// Refusal is why no guest with the system can be prepared, or nil.
func Refusal(system guest.OS) error {
	if kind := system.Type; kind != "" && kind != "linux" && kind != kindWindows {
		return fmt.Errorf("the guest runs %s, and fixes exist for Linux and Windows only: disable pipeline.fix to convert it as it is", kind)
	}
	return nil
}

// check refuses a guest that no fix could make boot, before anything is changed.
func (r *run) check() error {
	if err := Refusal(r.OS); err != nil {
		return err
	}
	hibernated := func(area string) error {
		return report.Concerning(report.ConcernHibernated, fmt.Errorf("the guest is hibernated: its memory is in the swap area %s. Start it on the old machine, shut it down, and migrate it then", area))
	}
	for _, d := range r.Devices {
		if d.FSType == guest.FSTypeSuspended {
			return hibernated(d.Name)
		}
	}
	if file, err := fstab.HibernatedTo(r.Editor); err != nil {
		return err
	} else if file != "" {
		return hibernated(file)
	}
	if info, err := r.Editor.Stat("/etc"); err != nil {
		return fmt.Errorf("the guest's root file system has no /etc: %w", err)
	} else if !info.Mode.IsDir() {
		return errors.New("the guest's /etc is no directory")
	}
	return r.Editor.CheckSpace(requiredSpace)
}

func (r *run) fixFstab() (err error) {
	if !r.options.PrintFstab {
		return fstab.Fix(r.Editor, r.names, r.options.FstabMode)
	}
	if r.result.FstabBefore, err = fstab.Shown(r.Editor); err != nil {
		return err
	}
	if err := fstab.Fix(r.Editor, r.names, r.options.FstabMode); err != nil {
		return err
	}
	r.result.FstabAfter, err = fstab.Shown(r.Editor)
	return err
}

func (r *run) findLeftovers() error {
	cards, err := network.ReadKept(r.Editor.Reader, r.NICs)
	if err != nil {
		return err
	}
	return leftover.Find(r.Editor.Reader, r.names, cards)
}

func (r *run) fixInitramfs(ctx context.Context, start *bootable.Guest) error {
	early, err := network.EarlyFiles(r.Editor.Reader)
	if err != nil {
		return err
	}
	mapped, err := start.MappedImages()
	if err != nil {
		return err
	}
	images, err := initrd.Fix(ctx, r.Editor, r.names, initrd.Options{Mode: r.options.Initramfs, Firmware: r.Firmware, CardNames: early, Mapped: mapped, Progress: r.progressInStep})
	r.result.Kernels, r.result.DiskBus, r.result.NICModel = images.Kernels, images.DiskBus, images.NICModel
	r.kernels = images.Kernels
	return err
}
