// Package initrd sees to it that the initramfs of each kernel has the drivers of
// the new machine and waits for no device of the old one.
package initrd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// What report.Kernel.Action says.
const (
	Kept     = "kept"
	Extended = "extended"
	Rebuilt  = "rebuilt"
	None     = "none"
)

// Options says how images are repaired.
type Options struct {
	Mode string // one of the modes; "" means ModeAuto
	// Firmware is that of the machine, "bios" or "uefi", or "" where it is not known.
	Firmware string
	// CardNames are files of the guest that name network cards which the
	// initramfs configures: it must have them too.
	CardNames []string
	// Mapped are images, as the boot loader names them, that it reads from the blocks
	// on which they lie: they stay as they are.
	Mapped []string
	// Progress, if not nil, is told that done of total images are done.
	Progress func(done, total int, message string)
}

// Result is what the guest's kernels boot from now.
type Result struct {
	Kernels []report.Kernel
	// DiskBus ("virtio", "scsi" for virtio-scsi, or "sata") and NICModel (as of a
	// Kernel) are what the default kernel boots from, and has a driver for.
	DiskBus, NICModel string
}

// Fix looks into the initramfs of every bootable kernel. One that has the virtio
// drivers and names no device of the old machine is kept. Where something is
// missing, an archive is appended: seconds, and no code of the guest's runs.
// What appending cannot take back, the guest's own tool builds anew. Either is
// read again to prove it. Options.Mode can ask for one of the two alone.
func Fix(ctx context.Context, e *edit.Editor, names devname.Names, o Options) (Result, error) {
	var result Result
	kernels, err := kernel.List(e.Reader)
	if err != nil {
		return result, err
	}
	if len(kernels) == 0 {
		if forbidden, err := kernel.FindForbidden(e.Reader, nil, o.Firmware); err == nil {
			warnOtherEntries(e, forbidden, nil)
		}
		return result, warnNoKernel(e)
	}
	preferred, err := kernel.Default(e.Reader, kernels, o.Firmware)
	if err != nil {
		return result, err
	}
	forbidden, err := kernel.FindForbidden(e.Reader, kernels, o.Firmware)
	if err != nil {
		return result, err
	}
	bootable := false
	var drivers []kernel.Drivers
	persisted := map[initramfs.Generator][]string{}
	for i, k := range kernels {
		if err := ctx.Err(); err != nil {
			return result, err
		}
		if o.Progress != nil {
			o.Progress(i, len(kernels), "initramfs of kernel "+k.Version)
		}
		repair := &imageRepair{edit: e, names: names, mode: o.Mode, kernel: k, cardNames: o.CardNames}
		if kernel.IsAmong(e.Reader, k.Initramfs, o.Mapped) {
			repair.sealed = byLILO
		}
		if err := repair.do(ctx); err != nil {
			return result, fmt.Errorf("kernel %s: %w", k.Version, err)
		}
		repair.drivers = forbidden.Of(i, repair.drivers, k.Initramfs, repair.image)
		repaired := repair.result
		bus := kernel.BootsFrom(repair.drivers, repair.image)
		repaired.Default, repaired.BootsFrom = i == preferred, bus
		lacksSATA := !kernel.DrivesSATA(repair.drivers, repair.image)
		repaired.LacksSATA = lacksSATA && (repair.image != nil || k.Initramfs == "")
		repaired.NICModel = kernel.NetworkCard(repair.drivers, repair.image)
		result.Kernels = append(result.Kernels, repaired)
		bootable = bootable || bus != ""
		cardless := kernel.KnowsNoCard(repair.drivers, repair.image)
		warnUnbootable(e, repaired, repair.drivers, bus, cardless)
		if bus == "" && lacksSATA {
			warnNoSATA(e, repaired)
		}
		drivers = append(drivers, repair.drivers)
		if repaired.Default {
			if cardless {
				warnNoCard(e, k.Version)
			}
			warnLaterMenus(e, forbidden.Later(i, repair.drivers))
			if err := warnOmitted(e, repair, bus); err != nil {
				return result, err
			}
			result.DiskBus = map[string]string{"virtio-blk": "virtio", "virtio-scsi": "scsi", "": "sata"}[bus]
			result.NICModel = repaired.NICModel
		}
		if len(repair.lacked) > 0 && repair.image != nil {
			g := repair.image.Generator
			persisted[g] = appendMissing(persisted[g], repair.lacked...)
		}
	}
	if result.DiskBus != "sata" {
		warnOtherEntries(e, forbidden, drivers)
	}
	if forbidden.OnlyUnified() {
		if _, err := warnUnifiedAlone(e, kernels); err != nil {
			return result, err
		}
	}
	if !bootable {
		e.Warn(report.ConcernHardware, "no kernel of the guest finds its root file system on a virtio disk", sataRemedy)
	}
	return result, persistDrivers(e, persisted)
}

// warnNoKernel tells what there is in place of kernels with an initramfs.
func warnNoKernel(e *edit.Editor) error {
	if told, err := warnUnifiedAlone(e, nil); told || err != nil {
		return err
	}
	e.Warn(report.ConcernNoKernel, "no kernel was found in the guest's /boot", "check that the guest's /boot is on one of the migrated disks")
	return nil
}

// warnUnifiedAlone tells that the guest starts unified kernel images of which no more is
// known, if it has any.
func warnUnifiedAlone(e *edit.Editor, known []kernel.Kernel) (told bool, err error) {
	images, err := menu.UnifiedImages(e.Reader)
	images = slices.DeleteFunc(images, func(image string) bool {
		return slices.ContainsFunc(known, func(k kernel.Kernel) bool { return k.Image == image })
	})
	if err != nil || len(images) == 0 {
		return false, err
	}
	e.Warn(report.ConcernUnseenDrivers, "the guest boots unified kernel images ("+strings.Join(images, ", ")+"), whose drivers cannot be checked",
		"make sure that they contain virtio_pci and virtio_blk")
	return true, nil
}

const sataRemedy = "attach the disk to a SATA controller, and a network card of the model that guest.nic_model names"

func warnUnbootable(e *edit.Editor, k report.Kernel, d kernel.Drivers, bus string, cardless bool) {
	subject := "kernel " + k.Version
	if k.Default {
		subject = "the default kernel " + k.Version
	}
	warnForbidden(e, subject, k, d, bus)
	switch {
	case bus != "virtio-blk" && forbids(d): // told
	case bus == "" && d.LegacyVirtio:
		e.Warn(report.ConcernHardware, subject+" knows virtio devices as they were before virtio 1.0 alone, and a machine of type q35 has no such",
			sataRemedy+"; or make the machine of type pc (i440fx), or give it libvirt's virtio-transitional devices, which the kernel drives")
	case bus == "" && k.Virtio["virtio_blk"] == report.PlaceMissing && k.Virtio["virtio_scsi"] == report.PlaceMissing:
		e.Warn(report.ConcernHardware, subject+" has no virtio disk driver at all", sataRemedy+"; or install a newer kernel in the guest before the migration")
	case bus == "":
		e.Warn(report.ConcernHardware, subject+" does not load the virtio disk driver before its root file system: "+k.Reason,
			"rebuild its initramfs in the guest with virtio_pci and virtio_blk, or "+sataRemedy)
	case bus == "virtio-scsi":
		e.Warn(report.ConcernHardware, subject+" has no virtio_blk driver", "attach the disk to a virtio-scsi controller")
	case k.NICModel != "virtio" && bannedCard(d), cardless: // told
	case k.Virtio["virtio_net"] == report.PlaceMissing && !d.Builtin["virtio_net"] && k.Default:
		e.Warn(report.ConcernHardwareCard, subject+" has no virtio_net driver", "use a network card of the model "+k.NICModel)
	}
}

// WarnNoSATA tells where the default kernel does not find its root file system on the SATA
// disk that the guest is given for its boot loader's sake.
func WarnNoSATA(e *edit.Editor, kernels []report.Kernel) {
	for _, k := range kernels {
		if k.Default && k.LacksSATA {
			warnNoSATA(e, k)
		}
	}
}

// warnNoSATA tells that the disk which stands in for a virtio disk does not serve either.
func warnNoSATA(e *edit.Editor, k report.Kernel) {
	subject := "kernel " + k.Version
	if k.Default {
		subject = "the default kernel " + k.Version
	}
	e.Warn(report.ConcernHardware, subject+" does not load the driver of a SATA disk (ahci) before its root file system, either: it starts from a disk as the old machine had it alone",
		"rebuild its initramfs in the guest with virtio_pci and virtio_blk, or with ahci, before the migration; or give the new machine a controller that the kernel has a driver for "+
			"(QEMU has VMware's as pvscsi, with libvirt the model vmpvscsi, and LSI's as lsisas1068)")
}

// imageRepair is the work on one kernel's initramfs.
type imageRepair struct {
	edit      *edit.Editor
	names     devname.Names
	mode      string
	kernel    kernel.Kernel
	drivers   kernel.Drivers
	image     *initramfs.Image // as it is now; nil when there is none or it cannot be read
	lacked    []string         // drivers that the image was found without
	cardNames []string
	unified   *unifiedimage.Image // what the initramfs is in, or nil
	sealed    seal
	result    report.Kernel
}

func (p *imageRepair) do(ctx context.Context) error {
	e, k := p.edit, p.kernel
	p.result = report.Kernel{Version: k.Version, Image: k.Image, Initramfs: k.Initramfs, Action: None}
	var err error
	if p.drivers, err = kernel.DriversOf(e.Reader, k.Version); err != nil {
		return err
	}
	defer func() { p.result.Virtio = p.drivers.Virtio(p.image) }()
	if k.Initramfs == "" {
		p.result.Reason = "the kernel boots without an initramfs"
		return nil
	}
	file, err := e.ScratchFile()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := e.Download(k.Initramfs, file); err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", k.Initramfs, err)
	}
	if err = p.read(file); err == nil && p.image == nil {
		p.result.Reason = "the kernel boots without an initramfs"
		return nil
	}
	switch {
	case err != nil && p.sealed.why != "":
		p.result.Action, p.result.Reason = Kept, fmt.Sprintf("it cannot be read (%v)", err)
		return nil
	case err != nil:
		return p.cannotAppend(ctx, fmt.Sprintf("it cannot be read (%v)", err))
	}
	p.result.Generator = string(p.image.Generator)
	if p.mode == ModeRebuild && p.sealed.why == "" {
		return p.rebuild(ctx, "a rebuild was asked for")
	}

	wanted := append(slices.Clone(kernel.EarlyDrivers), kernel.RootDrivers(e.Mounts(), p.names.Devices)...)
	if !p.drivers.HasVirtioDisk() {
		wanted = append(wanted, "ahci") // its disk goes onto a SATA controller
	}
	if !p.image.LoadsByDevice() {
		// What the old machine needed is in its list.
		wanted = slices.DeleteFunc(wanted, func(name string) bool { return !strings.HasPrefix(name, "virtio") && name != "ahci" })
	}
	if card := kernel.EarlyCard(p.drivers, p.image); card != "" && p.image.LoadsByDevice() {
		wanted = append(wanted, card)
	}
	p.lacked = p.drivers.AbsentFrom(p.image, wanted)
	stale := findStale(p.names, p.image)
	if p.sealed.why != "" {
		return p.keepSealed(stale)
	}
	if len(stale.waits) > 0 {
		return p.cannotAppend(ctx, "it waits for "+strings.Join(stale.waits, ", "))
	}
	if err := p.addCardNames(&stale); err != nil {
		return err
	}
	if len(p.lacked) == 0 && len(stale.files) == 0 {
		p.result.Action = Kept
		p.result.Reason = "it has what is needed"
		return nil
	}
	if len(p.lacked) > 0 && !p.image.LoadsByDevice() {
		return p.cannotAppend(ctx, "it loads the modules that its script lists, and no others")
	}
	return p.extend(ctx, file, stale)
}

// extend appends what is missing, and builds anew where that cannot be done.
func (p *imageRepair) extend(ctx context.Context, file *os.File, stale staleReferences) error {
	e, k := p.edit, p.kernel
	request := initramfs.AppendRequest{Version: k.Version, Modules: p.lacked, Files: stale.files}
	if text, ok := p.image.Text("conf/modules"); ok && len(p.lacked) > 0 && p.image.Generator == initramfs.GeneratorInitramfsTools {
		// Loads the drivers where the image has no udev, too.
		request.Files["conf/modules"] = addModuleLines(text, p.lacked)
	}
	appended, err := p.image.Append(request, func(name string) ([]byte, error) {
		if name == "modules.dep" && p.drivers.Dep != "" {
			return []byte(p.drivers.Dep), nil
		}
		return e.ReadFile(path.Join("/lib/modules", k.Version, name))
	})
	if errors.Is(err, initramfs.ErrCannotExtend) {
		return p.cannotAppend(ctx, err.Error())
	}
	if err != nil {
		return err
	}
	if p.unified != nil {
		err = p.unified.Changeable(unifiedimage.Initramfs, p.image.Size+int64(len(appended.Data)))
		if errors.Is(err, unifiedimage.ErrSealed) {
			return p.cannotAppend(ctx, err.Error())
		}
		err = appendInside(e, k.Image, p.unified, p.image.Size, appended.Data)
	} else {
		err = appendTo(e, k.Initramfs, file, p.image.Size, appended.Data)
	}
	if err != nil {
		if errors.Is(err, edit.ErrNoSpace) {
			if p.mode == ModeAppend {
				return fmt.Errorf("nothing can be appended to %s: %w; remove old kernels in the guest before the migration", k.Initramfs, err)
			}
			p.result.Reason = err.Error()
			e.Warn(report.ConcernGuestSpace, fmt.Sprintf("%s stays without %s: %v", k.Initramfs, strings.Join(p.lacked, ", "), err),
				"remove old kernels in the guest before the migration")
			return nil
		}
		return err
	}
	original := p.image.Size
	if p.image, err = kernel.ReadInitramfs(e.Reader, k); err != nil {
		return fmt.Errorf("%s is damaged after it was extended: %w", k.Initramfs, err)
	}
	if still := p.drivers.AbsentFrom(p.image, p.lacked); len(still) > 0 {
		return fmt.Errorf("%s lacks %s after they were appended", k.Initramfs, strings.Join(still, ", "))
	}
	p.result.Action = Extended
	p.result.Reason = describeAppend(appended.Modules, stale)
	e.Record(report.Change{
		Path: k.Initramfs, Action: report.ActionModified,
		Description: fmt.Sprintf("%s for kernel %s (the first %d bytes%s are the original)", p.result.Reason, k.Version, original, p.place()),
	})
	return nil
}

// cannotAppend builds the image anew because appending cannot serve, unless
// that was ruled out: an image that may not boot is not passed off as good.
func (p *imageRepair) cannotAppend(ctx context.Context, reason string) error {
	if p.kernel.Unified() {
		p.sealed = inUnified(reason)
		return p.keepSealed(findStale(p.names, p.image))
	}
	if p.mode == ModeAppend {
		return fmt.Errorf("%s cannot be repaired by appending to it: %s; set pipeline.fix.initramfs to %q, which has the guest's own tool build it anew",
			p.kernel.Initramfs, reason, ModeAuto)
	}
	return p.rebuild(ctx, reason)
}

func describeAppend(modules []string, stale staleReferences) string {
	var parts []string
	if len(modules) > 0 {
		parts = append(parts, "append the modules "+strings.Join(modules, ", "))
	}
	if len(stale.specs) > 0 {
		parts = append(parts, "replace "+strings.Join(stale.specs, ", "))
	}
	if len(stale.cardNames) > 0 {
		parts = append(parts, "name the network card by "+strings.Join(stale.cardNames, ", "))
	}
	return strings.Join(parts, "; ")
}

// appendMissing adds the names that are not yet in the list.
func appendMissing(list []string, names ...string) []string {
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// addModuleLines adds module names to a list with one name a line.
func addModuleLines(text string, names []string) string {
	present := map[string]bool{}
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 {
			present[initramfs.ModuleName(fields[0])] = true
		}
	}
	for _, name := range names {
		if present[name] {
			continue
		}
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += name + "\n"
	}
	return text
}
