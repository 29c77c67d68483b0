package fix

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// rebuild has the guest's own tool make the image anew, and reads it to see
// that this helped. Where it does not, a warning says so, as the guest may have
// another kernel; where a rebuild was asked for, that is an error.
func (p *imageRepair) rebuild(ctx context.Context, reason string) error {
	r, k := p.run, p.kernel
	p.result.Reason = reason
	fail := func(problem string) error {
		if r.options.Initramfs == InitramfsRebuild {
			return fmt.Errorf("%s cannot be built anew: %s; set pipeline.fix.initramfs to %q, which appends to it what is missing where that serves",
				k.initramfs, problem, InitramfsAuto)
		}
		p.result.Reason = reason + "; " + problem
		r.warn(fmt.Sprintf("the initramfs %s should be built anew, since %s; %s", k.initramfs, reason, problem),
			"rebuild it in the guest, with the virtio drivers, before the migration")
		return nil
	}
	generator := initramfs.GeneratorUnknown
	if p.image != nil {
		generator = p.image.Generator
	}
	if generator == initramfs.GeneratorUnknown {
		generator = r.installedGenerator()
	}
	drivers := p.rebuildDrivers()
	attempts := p.rebuildCommands(generator, strings.Join(drivers, " "))
	if len(attempts) == 0 {
		return fail("no tool for that was found in the guest")
	}
	if r.runner == nil {
		return fail("programs of this guest cannot be run here")
	}
	needs := p.rootNeeds()
	if generator == initramfs.GeneratorInitramfsTools {
		if err := r.keepInInitramfs(needs.targets); err != nil {
			return err
		}
	}
	if err := r.backups.keep(k.initramfs); err != nil {
		return r.explainFull(backupIndex, err)
	}
	if err := r.persistDrivers(map[initramfs.Generator][]string{generator: drivers}); err != nil {
		return err
	}
	p.lacked = drivers // what stays in the configuration when all kernels are done
	problem := ""
	for _, argv := range attempts {
		if err := r.command(ctx, "rebuild the initramfs of kernel "+k.version+": "+reason, argv...); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			problem = err.Error()
			continue
		}
		image, err := r.readInitramfs(k.initramfs)
		if err != nil {
			problem = "the new one cannot be read: " + err.Error()
			continue
		}
		p.image = image
		p.result.Generator = string(image.Generator)
		stale := r.staleReferences(image)
		absent := append(p.drivers.absentFrom(image, earlyDrivers), needs.lackedBy(image)...)
		if len(absent) == 0 && len(stale.waits) == 0 {
			p.result.Action = initramfsRebuilt
			return nil
		}
		problem = "the new one still lacks " + strings.Join(absent, ", ")
		if len(stale.waits) > 0 {
			problem = "the new one still waits for " + strings.Join(stale.waits, ", ")
		}
	}
	return fail(problem)
}

// rebuildDrivers names the virtio drivers that the kernel has as modules: the
// tools fail on names that they do not find.
func (p *imageRepair) rebuildDrivers() []string {
	var names []string
	for _, name := range appendMissing(earlyDrivers, virtioDrivers...) {
		if p.drivers.has(name) && !p.drivers.builtin[name] {
			names = append(names, name)
		}
	}
	return names
}

// rebuildCommands lists what to try, in order.
func (p *imageRepair) rebuildCommands(generator initramfs.Generator, drivers string) [][]string {
	k := p.kernel
	switch generator {
	case initramfs.GeneratorInitramfsTools:
		if k.initramfs != "/boot/initrd.img-"+k.version {
			// update-initramfs knows that one place, not the copies of boot
			// loaders that read the EFI system partition alone.
			return [][]string{{"mkinitramfs", "-o", k.initramfs, k.version}}
		}
		return [][]string{{"update-initramfs", "-u", "-k", k.version}}
	case initramfs.GeneratorDracut:
		// The host that a host-only image is made for is the appliance; a
		// generic image is the second choice as it may not fit into /boot.
		return [][]string{
			{"dracut", "--force", "--add-drivers", drivers, k.initramfs, k.version},
			{"dracut", "--force", "--no-hostonly", "--add-drivers", drivers, k.initramfs, k.version},
		}
	case initramfs.GeneratorMkinitcpio:
		return [][]string{{"mkinitcpio", "-S", "autodetect", "-k", k.version, "-g", k.initramfs}}
	case initramfs.GeneratorBooster:
		return [][]string{{"booster", "build", "--force", "--universal", "--kernel-version", k.version, k.initramfs}}
	case initramfs.GeneratorSUSE:
		return [][]string{{"mkinitrd", "-k", path.Base(k.image), "-i", path.Base(k.initramfs), "-m", drivers}}
	}
	return nil
}

// installedGenerator looks for the tools in the guest.
func (r *run) installedGenerator() initramfs.Generator {
	for _, tool := range []struct {
		name      string
		generator initramfs.Generator
	}{
		{"update-initramfs", initramfs.GeneratorInitramfsTools},
		{"dracut", initramfs.GeneratorDracut},
		{"mkinitcpio", initramfs.GeneratorMkinitcpio},
		{"booster", initramfs.GeneratorBooster},
		{"mkinitrd", initramfs.GeneratorSUSE},
	} {
		for _, directory := range []string{"/usr/sbin", "/usr/bin", "/sbin"} {
			if r.exists(path.Join(directory, tool.name)) {
				return tool.generator
			}
		}
	}
	return initramfs.GeneratorUnknown
}
