package fix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// What Kernel.Action says.
const (
	initramfsKept     = "kept"
	initramfsExtended = "extended"
	initramfsRebuilt  = "rebuilt"
	initramfsNone     = "none"
)

// fixInitramfs looks into the initramfs of every bootable kernel. One that has
// the virtio drivers and names no device of the old machine is kept. Where
// something is missing, an archive is appended: seconds, and no code of the
// guest's runs. What appending cannot take back, the guest's own tool builds
// anew. Either is read again to prove it. Options.Initramfs can ask for one of
// the two alone.
func fixInitramfs(ctx context.Context, r *run) error {
	kernels, err := r.kernels()
	if err != nil {
		return err
	}
	if len(kernels) == 0 {
		if images, err := r.list("/boot/efi/EFI/Linux", "*.efi"); err == nil && len(images) > 0 {
			r.warn("the guest boots unified kernel images ("+strings.Join(images, ", ")+"), whose drivers cannot be checked",
				"make sure that they contain virtio_pci and virtio_blk")
			return nil
		}
		r.warn("no kernel was found in the guest's /boot", "check that the guest's /boot is on one of the migrated disks")
		return nil
	}
	preferred, err := r.defaultKernel(kernels)
	if err != nil {
		return err
	}
	bootable := false
	persisted := map[initramfs.Generator][]string{}
	for i, k := range kernels {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.progressInStep(i, len(kernels), "initramfs of kernel "+k.version)
		repair := &imageRepair{run: r, kernel: k}
		if err := repair.do(ctx); err != nil {
			return fmt.Errorf("kernel %s: %w", k.version, err)
		}
		result := repair.result
		bus := bootsFrom(repair.drivers, repair.image)
		result.Default, result.BootsFrom = i == preferred, bus
		result.NICModel = networkCard(repair.drivers, repair.image)
		r.result.Kernels = append(r.result.Kernels, result)
		bootable = bootable || bus != ""
		r.warnUnbootable(result, repair.drivers, bus)
		if result.Default {
			r.result.DiskBus = map[string]string{"virtio-blk": "virtio", "virtio-scsi": "scsi", "": "sata"}[bus]
			r.result.NICModel = result.NICModel
		}
		if len(repair.lacked) > 0 && repair.image != nil {
			g := repair.image.Generator
			persisted[g] = appendMissing(persisted[g], repair.lacked...)
		}
	}
	if !bootable {
		r.warn("no kernel of the guest finds its root file system on a virtio disk", sataRemedy)
	}
	return r.persistDrivers(persisted)
}

const sataRemedy = "attach the disk to a SATA controller, and a network card of the model that guest.nic_model names"

func (r *run) warnUnbootable(k Kernel, d drivers, bus string) {
	subject := "kernel " + k.Version
	if k.Default {
		subject = "the default kernel " + k.Version
	}
	switch {
	case bus == "" && k.Virtio["virtio_blk"] == placeMissing && k.Virtio["virtio_scsi"] == placeMissing:
		r.warn(subject+" has no virtio disk driver at all", sataRemedy+"; or install a newer kernel in the guest before the migration")
	case bus == "":
		r.warn(subject+" does not load the virtio disk driver before its root file system: "+k.Reason,
			"rebuild its initramfs in the guest with virtio_pci and virtio_blk, or "+sataRemedy)
	case bus == "virtio-scsi":
		r.warn(subject+" has no virtio_blk driver", "attach the disk to a virtio-scsi controller")
	case k.Virtio["virtio_net"] == placeMissing && !d.builtin["virtio_net"] && k.Default:
		r.warn(subject+" has no virtio_net driver", "use a network card of the model "+k.NICModel)
	}
}

// imageRepair is the work on one kernel's initramfs.
type imageRepair struct {
	run     *run
	kernel  bootKernel
	drivers drivers
	image   *initramfs.Image // as it is now; nil when there is none or it cannot be read
	lacked  []string         // drivers that the image was found without
	result  Kernel
}

func (p *imageRepair) do(ctx context.Context) error {
	r, k := p.run, p.kernel
	p.result = Kernel{Version: k.version, Image: k.image, Initramfs: k.initramfs, Action: initramfsNone}
	var err error
	if p.drivers, err = r.driversOf(k.version); err != nil {
		return err
	}
	defer func() { p.result.Virtio = p.drivers.virtio(p.image) }()
	if k.initramfs == "" {
		p.result.Reason = "the kernel boots without an initramfs"
		return nil
	}
	file, err := scratchFile(r.target.Scratch)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := r.fs.Download(k.initramfs, file); err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", k.initramfs, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p.image, err = initramfs.Read(file)
	if err != nil {
		return p.cannotAppend(ctx, fmt.Sprintf("it cannot be read (%v)", err))
	}
	p.result.Generator = string(p.image.Generator)
	if r.options.Initramfs == InitramfsRebuild {
		return p.rebuild(ctx, "a rebuild was asked for")
	}

	wanted := append(slices.Clone(earlyDrivers), rootDrivers(r.target.Mounts, r.names.devices)...)
	p.lacked = p.drivers.absentFrom(p.image, wanted)
	stale := r.staleReferences(p.image)
	if len(stale.waits) > 0 {
		return p.cannotAppend(ctx, "it waits for "+strings.Join(stale.waits, ", "))
	}
	if len(p.lacked) == 0 && len(stale.files) == 0 {
		p.result.Action = initramfsKept
		p.result.Reason = "it has what is needed"
		return nil
	}
	return p.extend(ctx, file, stale)
}

// extend appends what is missing, and builds anew where that cannot be done.
func (p *imageRepair) extend(ctx context.Context, file *os.File, stale staleReferences) error {
	r, k := p.run, p.kernel
	addition := initramfs.Addition{Version: k.version, Modules: p.lacked, Files: stale.files}
	if text, ok := p.image.Text("conf/modules"); ok && len(p.lacked) > 0 && p.image.Generator == initramfs.GeneratorInitramfsTools {
		// Loads the drivers where the image has no udev, too.
		addition.Files["conf/modules"] = addModuleLines(text, p.lacked)
	}
	supplement, err := p.image.Supplement(addition, func(name string) ([]byte, error) {
		if name == "modules.dep" && p.drivers.dep != "" {
			return []byte(p.drivers.dep), nil
		}
		return r.fs.ReadFile(path.Join("/lib/modules", k.version, name))
	})
	if errors.Is(err, initramfs.ErrCannotExtend) {
		return p.cannotAppend(ctx, err.Error())
	}
	if err != nil {
		return err
	}
	if err := r.appendTo(k.initramfs, file, p.image.Size, supplement.Data); err != nil {
		var full *noSpaceError
		if errors.As(err, &full) {
			if r.options.Initramfs == InitramfsAppend {
				return fmt.Errorf("nothing can be appended to %s: %w; remove old kernels in the guest before the migration", k.initramfs, err)
			}
			p.result.Reason = err.Error()
			r.warn(fmt.Sprintf("%s stays without %s: %v", k.initramfs, strings.Join(p.lacked, ", "), err),
				"remove old kernels in the guest before the migration")
			return nil
		}
		return err
	}
	original := p.image.Size
	if p.image, err = r.readInitramfs(k.initramfs); err != nil {
		return fmt.Errorf("%s is damaged after it was extended: %w", k.initramfs, err)
	}
	if still := p.drivers.absentFrom(p.image, p.lacked); len(still) > 0 {
		return fmt.Errorf("%s lacks %s after they were appended", k.initramfs, strings.Join(still, ", "))
	}
	p.result.Action = initramfsExtended
	p.result.Reason = describeAddition(supplement.Modules, stale)
	r.record(Change{
		Path: k.initramfs, Action: ActionModified,
		Description: fmt.Sprintf("%s for kernel %s (the first %d bytes are the original)", p.result.Reason, k.version, original),
	})
	return nil
}

// cannotAppend builds the image anew because appending cannot serve, unless
// that was ruled out: an image that may not boot is not passed off as good.
func (p *imageRepair) cannotAppend(ctx context.Context, reason string) error {
	if p.run.options.Initramfs == InitramfsAppend {
		return fmt.Errorf("%s cannot be repaired by appending to it: %s; set pipeline.fix.initramfs to %q, which has the guest's own tool build it anew",
			p.kernel.initramfs, reason, InitramfsAuto)
	}
	return p.rebuild(ctx, reason)
}

func describeAddition(modules []string, stale staleReferences) string {
	var parts []string
	if len(modules) > 0 {
		parts = append(parts, "append the modules "+strings.Join(modules, ", "))
	}
	if len(stale.specs) > 0 {
		parts = append(parts, "replace "+strings.Join(stale.specs, ", "))
	}
	return strings.Join(parts, "; ")
}

// readInitramfs reads an image of the guest as it is on its disk.
func (r *run) readInitramfs(name string) (*initramfs.Image, error) {
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := r.fs.Download(name, writer)
		_ = writer.CloseWithError(err)
		done <- err
	}()
	image, err := initramfs.Read(reader)
	_ = reader.CloseWithError(err)
	if downloaded := <-done; err == nil && downloaded != nil {
		err = downloaded
	}
	return image, err
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
