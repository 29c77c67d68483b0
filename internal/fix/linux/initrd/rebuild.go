package initrd

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// rebuild has the guest's own tool make the image anew, and reads it to see
// that this helped. Where it does not, a warning says so, as the guest may have
// another kernel; where a rebuild was asked for, that is an error.
func (p *imageRepair) rebuild(ctx context.Context, reason string) error {
	e, k := p.edit, p.kernel
	p.result.Reason = reason
	fail := func(problem string) error {
		if p.mode == ModeRebuild {
			return fmt.Errorf("%s cannot be built anew: %s; set pipeline.fix.initramfs to %q, which appends to it what is missing where that serves",
				k.Initramfs, problem, ModeAuto)
		}
		p.result.Reason = reason + "; " + problem
		e.Warn(report.ConcernInitramfs, fmt.Sprintf("the initramfs %s should be built anew, since %s; %s", k.Initramfs, reason, problem),
			"rebuild it in the guest, with the virtio drivers, before the migration")
		return nil
	}
	generator := initramfs.GeneratorUnknown
	if p.image != nil {
		generator = p.image.Generator
	}
	if generator == initramfs.GeneratorUnknown {
		generator = installedGenerator(e)
	}
	if generator == initramfs.GeneratorNash && !hasTool(e, "mkinitrd") {
		return fail("mkinitrd was not found in the guest")
	}
	drivers := p.rebuildDrivers()
	attempts := p.rebuildCommands(generator, strings.Join(drivers, " "))
	if len(attempts) == 0 {
		return fail("no tool for that was found in the guest")
	}
	if !e.CanRun() {
		return fail("programs of this guest cannot be run here")
	}
	needs := p.rootNeeds()
	if generator == initramfs.GeneratorInitramfsTools {
		if err := keepInInitramfs(e, needs.targets); err != nil {
			return err
		}
	}
	if err := e.Keep(k.Initramfs); err != nil {
		return err
	}
	if err := persistDrivers(e, map[initramfs.Generator][]string{generator: drivers}); err != nil {
		return err
	}
	p.lacked = drivers // what stays in the configuration when all kernels are done
	problem := ""
	for _, argv := range attempts {
		var err error
		if problem, err = p.attempt(ctx, argv, needs); err != nil || problem == "" {
			return err
		}
	}
	return fail(problem)
}

// attempt runs one of the guest's tools and says what is wrong with the image
// after it, if anything is. An error is that of the context.
func (p *imageRepair) attempt(ctx context.Context, argv []string, needs rootNeeds) (problem string, err error) {
	e, k := p.edit, p.kernel
	if err := e.Command(ctx, "rebuild the initramfs of kernel "+k.Version+": "+p.result.Reason, argv...); err != nil {
		return err.Error(), ctx.Err()
	}
	image, err := kernel.ReadInitramfs(e.Reader, k)
	if err != nil {
		return "the new one cannot be read: " + err.Error(), nil //nolint:nilerr // another tool may do better
	}
	p.image = image
	p.result.Generator = string(image.Generator)
	stale := findStale(p.names, image)
	absent := append(p.drivers.AbsentFrom(image, kernel.EarlyDrivers), needs.lackedBy(image)...)
	switch {
	case len(stale.waits) > 0:
		return "the new one still waits for " + strings.Join(stale.waits, ", "), nil
	case len(absent) > 0:
		return "the new one still lacks " + strings.Join(absent, ", "), nil
	}
	p.result.Action = Rebuilt
	return "", p.warnCardNames()
}

// rebuildDrivers names the virtio drivers that the kernel has as modules: the
// tools fail on names that they do not find.
func (p *imageRepair) rebuildDrivers() []string {
	var names []string
	wanted := appendMissing(slices.Clone(kernel.EarlyDrivers), kernel.VirtioDrivers...)
	if !p.drivers.HasVirtioDisk() {
		wanted = append(wanted, "ahci") // its disk goes onto a SATA controller
	}
	for _, name := range wanted {
		if p.drivers.Has(name) && !p.drivers.Builtin[name] {
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
		if k.Initramfs != "/boot/initrd.img-"+k.Version {
			// update-initramfs knows that one place, not the copies of boot
			// loaders that read the EFI system partition alone.
			return [][]string{{"mkinitramfs", "-o", k.Initramfs, k.Version}}
		}
		return [][]string{{"update-initramfs", "-u", "-k", k.Version}}
	case initramfs.GeneratorDracut:
		// The host that a host-only image is made for is the appliance; a
		// generic image is the second choice as it may not fit into /boot.
		return [][]string{
			{"dracut", "--force", "--add-drivers", drivers, k.Initramfs, k.Version},
			{"dracut", "--force", "--no-hostonly", "--add-drivers", drivers, k.Initramfs, k.Version},
		}
	case initramfs.GeneratorMkinitcpio:
		return [][]string{{"mkinitcpio", "-S", "autodetect", "-k", k.Version, "-g", k.Initramfs}}
	case initramfs.GeneratorBooster:
		return [][]string{{"booster", "build", "--force", "--universal", "--kernel-version", k.Version, k.Initramfs}}
	case initramfs.GeneratorNash:
		argv := []string{"mkinitrd", "-f"}
		for name := range strings.FieldsSeq(drivers) {
			argv = append(argv, "--with="+name)
		}
		return [][]string{append(argv, k.Initramfs, k.Version)}
	case initramfs.GeneratorSUSE:
		return [][]string{{"mkinitrd", "-k", path.Base(k.Image), "-i", path.Base(k.Initramfs), "-m", drivers}}
	}
	return nil
}

// installedGenerator looks for the tools in the guest.
func installedGenerator(e *edit.Editor) initramfs.Generator {
	for _, tool := range []struct {
		name      string
		generator initramfs.Generator
	}{
		{"update-initramfs", initramfs.GeneratorInitramfsTools},
		{"dracut", initramfs.GeneratorDracut},
		{"mkinitcpio", initramfs.GeneratorMkinitcpio},
		{"booster", initramfs.GeneratorBooster},
		{"nash", initramfs.GeneratorNash},
		{"mkinitrd", initramfs.GeneratorSUSE},
	} {
		if hasTool(e, tool.name) {
			return tool.generator
		}
	}
	return initramfs.GeneratorUnknown
}

func hasTool(e *edit.Editor, name string) bool {
	return slices.ContainsFunc([]string{"/usr/sbin", "/usr/bin", "/sbin"}, func(directory string) bool {
		return e.Exists(path.Join(directory, name))
	})
}
